from edge_gateway.docs_page import docs_page


def test_what_a_document_says_is_shown_and_none_of_it_is_markup() -> None:
    route = {
        "summary": "Send <b>it</b>",
        "description": "With `a<b` in it.",
        "security": [{"API token": []}, {"Device password": []}],
        "parameters": [{"name": "limit", "in": "query", "description": "How <many>."}],
        "requestBody": {"content": {"application/json": {"example": {"value": "<1>"}}}},
    }
    page = docs_page(
        {
            "info": {"title": "T & T", "version": "1", "description": "One.\n\nTwo."},
            "paths": {"/x/{id}": {"post": route, "get": {"summary": "Look"}}},
        }
    )
    assert "<code>POST /x/{id}</code>" in page
    assert "Send &lt;b&gt;it&lt;/b&gt;." in page
    assert "With <code>a&lt;b</code> in it." in page
    assert "Needs: API token or Device password." in page
    assert "No login required." in page
    assert "<td><code>limit</code></td><td>query</td><td>How &lt;many&gt;.</td>" in page
    assert "&quot;value&quot;: &quot;&lt;1&gt;&quot;" in page
    assert "<title>T &amp; T</title>" in page
    assert "<p>One.</p><p>Two.</p>" in page
