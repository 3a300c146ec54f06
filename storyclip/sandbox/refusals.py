"""The one way to say no, in Metricool's error envelope."""

from http import HTTPStatus

Detail = str | dict[str, str]


class Refused(Exception):
    """A call is answered with Metricool's error envelope; nothing has changed.

    `detail` is a text, or {"method.parameter": "must not be null"}. Source: metricool.md §1.3.
    """

    def __init__(self, status: int, title: str, detail: Detail) -> None:
        super().__init__(f"{status} {title}: {detail}")
        self.status = status
        self.title = title
        self.detail = detail
        self.retry_after_s: float | None = None

    @property
    def words(self) -> str:
        if isinstance(self.detail, str):
            return self.detail
        return "; ".join(f"{where} {what}" for where, what in self.detail.items())

    def envelope(self) -> dict[str, object]:
        return {
            "status": HTTPStatus(self.status).name,
            "code": str(self.status),
            "title": self.title,
            "detail": self.detail,
        }


def invalid(detail: Detail) -> Refused:
    return Refused(400, "ValidationError", detail)


def not_found(what: str) -> Refused:
    return Refused(404, "NotFound", f"{what} not found")


def forbidden(detail: str) -> Refused:
    return Refused(403, "Forbidden", detail)


class Gone(Refused):
    """404 for a post's id that leads nowhere: never given, replaced, deleted, or not yours."""

    def __init__(self, post_id: int) -> None:
        super().__init__(404, "NotFound", f"Post {post_id} not found")
