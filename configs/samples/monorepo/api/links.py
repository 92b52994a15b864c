"""Links that nobody else can make."""

from itsdangerous import BadSignature, URLSafeSerializer


def sign(page: str, secret: str) -> str:
    return URLSafeSerializer(secret).dumps(page)


def page_of(link: str, secret: str) -> str | None:
    """The page, if the link is one of ours."""
    try:
        return URLSafeSerializer(secret).loads(link)
    except BadSignature:
        return None
