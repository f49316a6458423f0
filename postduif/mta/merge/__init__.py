"""Mail merge: one template and the values of one recipient make one message, ready to be signed. docs/templates.md.

`content` is what a mailing is, `message` compiles and renders it, `stored` keeps it as bytes; the rest serves these.
"""
