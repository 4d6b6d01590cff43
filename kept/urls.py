"""Every route of the product."""

from django.urls import URLPattern, URLResolver, include, path

from kept.api import metrics
from kept.web import (
    attachments,
    confirmations,
    frames,
    handbooks,
    health,
    live,
    outages,
    outboxes,
    proofs,
    quarantines,
    queue,
    sign_in,
    tag_list,
    tickets,
    walls,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", queue.queue, name="queue"),
    path("sign-in", sign_in.sign_in, name="sign-in"),
    path("sign-out", sign_in.sign_out, name="sign-out"),
    path("tickets/<int:number>", tickets.ticket, name="ticket"),
    path("tickets/<int:number>/<slug:noun>", tickets.act, name="acts"),
    path("tickets/<int:number>/commitments/<path:commitment>/proof", proofs.proof, name="proof"),
    path("messages/<int:number>/frame", frames.message_frame, name="message-html"),
    path("remote-pictures/<str:token>", frames.remote_picture, name="remote-picture"),
    path("attachments/<int:number>", attachments.download, name="attachment"),
    path("sop/<slug:desk>", handbooks.sop, name="sop"),
    path("tags", tag_list.tag_list, name="tags"),
    path("tags/<int:number>", tag_list.change, name="tag"),
    path("wallboard", walls.wall, name="wallboard"),
    path("outbox", outboxes.outbox, name="outbox"),
    path("outages", outages.outages, name="outages"),
    path("outages/<int:number>/ending", outages.ending, name="outage-ending"),
    path("quarantine", quarantines.quarantine, name="quarantine"),
    path("c/<str:token>", confirmations.customer_answer, name="customer-answer"),
    path("live", live.needs_the_stream, name="live"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="api-metrics"),
    path("api/", include("kept.api.urls")),
]
handler400 = "kept.web.errors.bad_request"
handler404 = "kept.web.errors.nothing_here"
handler500 = "kept.web.errors.our_fault"
