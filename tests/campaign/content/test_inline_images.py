"""The images of a mail, in its HTML itself."""

from __future__ import annotations

from postduif.campaign.content.inline_images import MOST, with_images
from postduif.mta.merge.content import Attachment


def test_only_images_that_are_there() -> None:
    """Each by its whole name, percent-encoded or not; what is no image, or not there, stays as it is."""
    files = (
        Attachment("a", "image/png", b"A", "logo"),
        Attachment("b", "image/gif", b"B", "logo2@x"),
        Attachment("c", "text/html", b"C", "page"),
    )
    html = with_images("""<img src="cid:logo"><i style="background:url('CID:logo2%40x')"> cid:page cid:gone""", files)
    assert html == (
        """<img src="data:image/png;base64,QQ=="><i style="background:url('data:image/gif;base64,Qg==')"> """
        "cid:page cid:gone"
    )


def test_only_where_shown_and_within_bounds() -> None:
    """An address in a text is no image, whoever wrote it there; names may have blanks; beyond the bound it stays."""
    files = (Attachment("a", "image/png", b"A" * (MOST // 4), "foto (1).png"),)
    html = """cid:foto%20(1).png <p title="cid:foto (1).png"> <td background='cid:foto (1).png'>"""
    assert with_images(html, files).startswith(
        """cid:foto%20(1).png <p title="cid:foto (1).png"> <td background='data:"""
    )
    many = with_images("""<img src="cid:foto (1).png">""" * 9, files)
    assert (many.count("data:"), many.count("cid:"), len(many) < MOST + 1000) == (3, 6, True)
