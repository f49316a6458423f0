"""A message with figures on its links."""

from __future__ import annotations

from postduif.campaign.content.badges import badged


def test_on_our_links_only() -> None:
    """At the beginning of each link of ours that has words; everything else stays as it was."""
    html = (
        '<p><a class="x" href="https://n.example/c/TOKEN/1?a=b">Shop</a> <a href="https://n.example/c/TOKEN/2">B</a> '
        '<a href="https://other.example/c/1">C</a><!--[if mso]><a href="https://n.example/c/T/1">D</a><![endif]--></p>'
    )
    made = badged(html, {1: "<5%>", 2: ""})
    assert made.count("<span") == 1
    assert '?a=b"><span' in made
    assert "&lt;5%&gt;</span>Shop</a>" in made
    assert badged(html, {}) == html


def test_nobody_opens_it() -> None:
    """The image that counts opens goes; another stays."""
    html = f'<p>A<img src="https://n.example/o/{"x" * 32}.gif" alt=""><img src="https://n.example/o/logo.gif">B</p>'
    assert badged(html, {}) == '<p>A<img src="https://n.example/o/logo.gif">B</p>'
