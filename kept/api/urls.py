"""The addresses of the API, made from its routes."""

from django.urls import URLPattern, path, re_path

from kept.api import views

CONVERTERS = {
    "{number}": "<str:number>",
    "{desk}": "<str:desk>",
    "{commitment}": "<path:commitment>",
}


def _django(template: str) -> str:
    for name, converter in CONVERTERS.items():
        template = template.replace(name, converter)
    return template.removeprefix("/")


urlpatterns: list[URLPattern] = [
    path("v1/openapi.json", views.describe, name="api-openapi"),
    *(
        path(f"v1/{_django(template)}", views.view_of(methods))
        for template, methods in views.paths().items()
    ),
    re_path(r"^[\s\S]*\Z", views.nothing_here, name="api-nothing"),
]
