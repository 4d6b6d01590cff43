"""/c/TOKEN: a customer says whether it is solved, by the link in our mail, without an account.

Opening the link changes nothing: scanners open links too. Only a button does.
"""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from kept import clock
from kept.records.queries.customers import language_of
from kept.services import endings
from kept.services.errors import DeskError, NotValid
from kept.web import speech
from kept.web.render import render

THANKS = {
    "confirm": ("Thank you", "We have noted that it is solved. You can still reopen it here."),
    "reopen": ("We are on it again", "Your matter is open again, and our clocks run again too."),
    "survey": ("Thank you", "Your answer reached the people who read it."),
}


@require_http_methods(["GET", "HEAD", "POST"])
def customer_answer(request: HttpRequest, token: str) -> HttpResponse:
    """Ask the customer, or record the answer."""
    language = speech.chosen(
        language_of(endings.ticket_of_token(token)), request.headers.get("Accept-Language", "")
    )
    if request.method != "POST":
        return _page(request, token, language)
    answer = request.POST.get("answer", "")
    try:
        _record(token, answer, request.POST.get("score", ""))
    except DeskError as error:
        if error.status not in {409, 422}:
            raise
        return _page(request, token, language, problem=error.sentence, status=error.status)
    title, sentence = THANKS[answer]
    return _page(request, token, language, title=title, sentence=sentence)


def _record(token: str, answer: str, score: str) -> None:
    at = clock.now()
    match answer:
        case "confirm":
            endings.confirm_by_link(token, at=at)
        case "reopen":
            endings.reopen_by_link(token, at=at)
        case "survey" if score in {"1", "2", "3", "4", "5"}:
            endings.answer_survey(token, at=at, score=int(score))
        case _:
            raise NotValid("Choose one of the answers.")


def _page(
    request: HttpRequest,
    token: str,
    language: str,
    *,
    title: str = "Is it solved?",
    sentence: str = "",
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "token": token, "title": title, "sentence": sentence, "problem": problem,
        "_": speech.speaker(language), "language": language,
        "direction": speech.direction(language),
    }  # fmt: skip
    return render(request, "customers/answer.html", context, status=status)
