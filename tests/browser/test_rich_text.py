"""How the Markdown subset of the answers is laid out: as (written, shown) pairs, by the widget's own module in Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

RENDER = """async (text) => {
    const { richText } = await import("/static/rich_text.js");
    const holder = document.createElement("div");
    holder.append(richText(text));
    return holder.innerHTML;
}"""
ELSEWHERE = '<span class="unseen"> (se abre en otra pestaña)</span>'
PAIRS = [
    ("Hola", "<p>Hola</p>"),
    ("uno\ndos\n\ntres", "<p>uno<br>dos</p><p>tres</p>"),
    ("un **NIF** y un **CIF**", "<p>un <strong>NIF</strong> y un <strong>CIF</strong></p>"),
    ("Envía:\n- uno\n- **dos**", "<p>Envía:</p><ul><li>uno</li><li><strong>dos</strong></li></ul>"),
    ("1. uno\n2. dos\n\nfin", "<ol><li>uno</li><li>dos</li></ol><p>fin</p>"),
    ("7. uno\n8. dos", '<ol start="7"><li>uno</li><li>dos</li></ol>'),
    ("[900](tel:+34900)", '<p><a href="tel:+34900" rel="noopener">900</a></p>'),
    ("[a@b.es](mailto:a@b.es)", '<p><a href="mailto:a@b.es" rel="noopener">a@b.es</a></p>'),
    (
        "[guía](https://b.es/g)",
        f'<p><a href="https://b.es/g" rel="noopener noreferrer" target="_blank">guía{ELSEWHERE}</a></p>',
    ),
    ("[entra](http://b.es/otra)", "<p>[entra](http://b.es/otra)</p>"),
    ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
    ("[x](data:text/html,x)", "<p>[x](data:text/html,x)</p>"),
    ("[x](/relativo)", "<p>[x](/relativo)</p>"),
    ("<img src=x onerror=alert(1)> & **", "<p>&lt;img src=x onerror=alert(1)&gt; &amp; **</p>"),
    ("3 * 4 - 2, 12345678Z.", "<p>3 * 4 - 2, 12345678Z.</p>"),
    ("", ""),
]


def test_a_link_to_our_own_pages_may_ask_this_one_which_conversation_it_is(page: Page) -> None:
    home = page.evaluate("location.origin")
    shown = f'<p><a href="{home}/entrar/x" rel="opener" target="_blank">Entra{ELSEWHERE}</a></p>'
    assert page.evaluate(RENDER, f"[Entra]({home}/entrar/x)") == shown


@pytest.mark.parametrize(("written", "shown"), PAIRS)
def test_text_is_laid_out(written: str, shown: str, page: Page) -> None:
    assert page.evaluate(RENDER, written) == shown
