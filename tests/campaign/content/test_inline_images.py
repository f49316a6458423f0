"""The images of a mail, in its HTML itself."""

from __future__ import annotations

from postduif.campaign.content.inline_images import with_images
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
