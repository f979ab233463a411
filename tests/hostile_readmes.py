"""READMEs that try to be more than text, and what a reader must see of them."""

from __future__ import annotations

from tests.support import Site, as_listing

FOREIGN = frozenset(
    (
        *("applet", "base", "button", "embed", "form", "iframe", "input", "link", "math", "meta"),
        *("object", "script", "style", "svg", "template", "textarea", "video"),
    )
)
"""Elements that no README may make."""

SHORTCODES = (
    "{{< evil >}}",
    "{{% evil %}}",
    "{{</* evil */>}}",
    "{{%/* evil */%}}",
    "{{< outer >}}{{< inner >}}{{< /inner >}}{{< /outer >}}",
    "{{< never closed",
    "{{% never closed",
    "{{</* never closed",
    "{{<>}}",
    "{{{{< deep >}}}}",
    "{{<{{% both %}}>}}",
    "{{< /end >}}",
    '{{< figure src="javascript:alert(1)" >}}',
    '{{< readfile "/etc/passwd" >}}',
    "{{ .Site.Params }}",
    "<!--more-->",
)
LINES = [" ".join(text.split()) for text in SHORTCODES]
ADDRESSES = (
    "javascript:alert(1)",
    "JAVASCRIPT:alert(1)",
    "java\tscript:alert(1)",
    "java&#115;cript:alert(1)",
    "java&NewLine;script:alert(1)",
    "&#x01;javascript:alert(1)",
    "javascript&colon;alert(1)",
    "javascript:%61lert(1)",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "data:image/svg+xml,<svg onload=alert(1)>",
    "vbscript:alert(1)",
    "file:///etc/passwd",
    "blob:https://example.com/1",
)
HTML = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "</main></body></html><h1>mine</h1>",
    "</td></tr></table>",
    "<style>*{display:none}</style>",
    "<!-- <script>alert(1)</script> -->",
    "<!--[if IE]><script>alert(1)</script><![endif]-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php alert(1) ?>",
    "<a href='javascript:alert(1)'>x</a>",
    "<textarea><noscript><template>",
)
MATH = (
    ("$$", "$$"),
    ("$", "$"),
    ("\\\\[", "\\\\]"),
    ("\\[", "\\]"),
    ("\\\\(", "\\\\)"),
    ("\\(", "\\)"),
    ("[", "]"),
)
"""What some sites have around mathematics, in which Hugo then leaves HTML as it is."""
ANCHORS = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 12))
DEEP = 3_000

READMES: dict[str, str] = {
    "text": "\n\n".join(SHORTCODES),
    "code": "\n\n".join(f"`{text}`" for text in SHORTCODES),
    "fences": "\n\n".join(f"```go\n{text}\n```" for text in SHORTCODES),
    "indented": "\n\n".join("    " + text.replace("\n", "\n    ") for text in SHORTCODES),
    "quoted": "\n>\n".join(f"> - `{text}`\n>   {text}" for at, text in enumerate(LINES)),
    "titles": "\n\n".join(
        f"[{text}](https://example.com/{at} '{text}') ![{text}](https://example.com/p.png)"
        for at, text in enumerate(LINES)
    ),
    "comments": "\n\n".join(f"<!-- {text} -->" for text in LINES),
    "headings": "\n\n".join(f"# {text} {{#id onclick=alert(1)}}" for text in LINES),
    "across": "{{< a `b\nc` >}}\n\n`{{%\n% x`\n\n> {\n> {< y\n\n{\\\n{< z",
    "table": "| a | b |\n| --- | --- |\n" + "\n".join(f"| {text} | `{text}` |" for text in LINES),
    "front-yaml": f"---\ntitle: '{{{{< evil >}}}}'\nl0: &l0 [lol]\n{ANCHORS}---\n\nThe text.",
    "front-toml": "+++\ntitle = '{{< evil >}}'\n+++\n\nThe text.",
    "front-json": '{"title": "{{< evil >}}"}\n\nThe text.',
    "front-open": f"---\nl0: &l0 [lol]\n{ANCHORS}\nThe text.",
    "front-deep": "{" + '"a":[' * 100_000 + "\n\nThe text.",
    "addresses": "\n\n".join(
        f"[link]({text}) [link](<{text}>) ![picture]({text}) <{text}> [ref{at}] ![r][ref{at}]\n\n"
        f"[ref{at}]: {text}\n[x{at}]: <{text}> 'title'\n\n[x{at}]"
        for at, text in enumerate(ADDRESSES)
    ),
    "html": "\n\n".join(HTML),
    "html-in-lines": "\n\n".join(
        f"a {text} b *{text}* [{text}](https://example.com)" for text in HTML
    ),
    "html-in-code": "\n\n".join(f"`{text}`\n\n```\n{text}\n```" for text in HTML),
    "attributes": "Text\n{onclick=alert(1)}\n\n- item\n{.evil}\n\n```js {onload=alert(1)}\nx\n```",
    "extensions": "Term\n: told\n\nnote[^1]\n\n[^1]: the note\n\n- [ ] todo\n\n$x$ \\(y\\) :smile:",
    "long-line": "word " * 200_000 + "{{< evil >}} <script>alert(1)</script>",
    "long-word": "x" * 1_000_000 + "{{< evil >}}",
    "brackets": "[" * 200_000 + "]" * 200_000,
    "nested-quotes": ">" * DEEP + " {{< evil >}}",
    "nested-lists": "- " * DEEP + "{{< evil >}}",
    "nested-stars": "*" * DEEP + "a" + "*" * DEEP,
    "nested-links": "[" * DEEP + "a" + "](https://example.com)" * DEEP,
    "unseen": "a\u202egnp.exe\u2066 \x00\x1b[31m \u200b\ufeff end &#8238;&#0; \U000e0041tag",
    "unclosed": "```\n</code></pre></main>\n{{< evil >}}",
    "unclosed-html": "<div>\n<main>\n\n# Heading\n\n<script>\nalert(1)\n\n{{< evil >}}",
    "math": "\n\n".join(
        f"{begin}{text}{end}\n\n`{begin}{text}{end}` a {begin}{text}{end} [{begin}{text}{end}](https://example.com/{begin}x{end})"
        for begin, end in MATH
        for text in ("<img src=x onerror=alert(1) x>", "<script>alert(1)</script>")
    ),
    "sections": "<!--x:start-->\nInner\n<!--y:end-->\n<!--x:start-->\n<!--evil:start",
    "ends": "The last line\n\n```\n\n`",
}
WRITTEN: dict[str, list[str]] = {
    "text": LINES,
    "code": LINES,
    "fences": LINES,
    "indented": LINES,
    "quoted": LINES,
    "comments": LINES,
    "headings": LINES,
    "titles": LINES,
    "across": ["{{< a b c >}}", "{{% % x", "{ {< y", "{ {< z"],
    "table": LINES,
    **{f"front-{kind}": ["The text."] for kind in ("yaml", "toml", "json", "open", "deep")},
    "html": list(HTML),
    "html-in-lines": list(HTML),
    "html-in-code": list(HTML),
    "attributes": ["{onclick=alert(1)}", "{.evil}"],
    "extensions": ["[^1]: the note", "[ ] todo", "note[^1]"],
    "long-line": ["{{< evil >}} <script>alert(1)</script>"],
    "long-word": ["{{< evil >}}"],
    "nested-quotes": ["{{< evil >}}"],
    "nested-lists": ["{{< evil >}}"],
    "unseen": ["agnp.exe [31m end"],
    "unclosed": ["</code></pre></main> {{< evil >}}"],
    "unclosed-html": ["<div> <main>", "<script> alert(1) {{< evil >}}"],
    "sections": ["Inner", "<!--evil:start"],
    "ends": ["The last line"],
}


def build_readmes(site: Site) -> None:
    """Write the first page of an image for each of the READMEs."""
    entries = as_listing({name: [("latest", "a", "2024-06-01T10:00:00Z")] for name in READMES})
    for entry in entries:
        entry["repo"]["readme"] = READMES[entry["repo"]["name"]]
    site.raw_listing("public", entries)
    site.catalog(pages=["overview"], tables=["public"])
    site.build()
