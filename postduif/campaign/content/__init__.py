"""What a marketer writes, made into what is merged: HTML or MJML, text, links, list fields, proofs, previews.

docs/content.md. `draft` is what is written, `composing` makes `mta.merge.Content` of it; the rest serves these.
"""
