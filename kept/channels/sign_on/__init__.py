"""Identity providers spoken to: OpenID Connect and SAML 2.0. What they prove becomes Claims."""
