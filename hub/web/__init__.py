"""What all pages share: layout, log-in state, acts, live feed, formats, errors.

Owns no table and imports no capability; `hub.app` wires the people in. How a page is built:

* A capability's pages are a Flask blueprint `pages` in its `web.py`, with templates in its own
  `templates/<capability>/` folder; `hub.app.PAGES` names the blueprint, and it is registered when
  it can be imported. Templates extend `layout.html` (blocks `title`, `scripts`, `main`;
  `{% set here = "/waves" %}` marks the navigation; `{% set topics = ["waves", "floor"] %}` makes
  the page live).
* `@needs("warehouse", "read")` before a view. A view that changes something calls
  `acts.carry_out(ReleaseWave(id))`: the command (in the capability's `acts.py`) says which
  permission is asked, and its journal row who did it. A refusal (HubError) that a view does not
  catch becomes a sentence on the page it came from.
* What has a division is asked in it: the view says `@needs_somewhere(…)` and asks with that of the
  row that it found, the command overrides `asked_in`, lists take `divisions(…)` of their reader.
  A view that does neither is open only to a right in every division.
* Forms: `{% from "parts.html" import csrf, field %}` and `{{ csrf() }}` in every form that posts.
  The policy forbids inline scripts, `style=` attributes and other hosts; use classes, `<progress>`,
  `<meter>` and SVG attributes. Scripts lie in `hub/web/static/` and are named in block `scripts`.
* Live: `live.provide("waves", fn, needs=("warehouse", "read"))` at import of `web.py`; `fn(key)`
  returns values JSON can hold and runs inside the application with the reader's language. Pages
  subscribe to `waves` or, with a key, to `wave:0123…`. In the page, by attribute:
  `data-live="waves/open"` sets the text, `data-live-html="waves/table"` the inside from a rendered
  fragment (`render_template` escapes), `data-live-attr="value:waves/done max:waves/total"`
  attributes, `data-live-show="waves/late"` hides what is 0 or empty. Scripts of a page listen with
  `document.addEventListener("live:waves", event => draw(event.detail))`.
* `naming.tell("wave", fn)` says how ids of a kind are shown; templates write
  `{{ named("wave", id) }}` and get a link, whoever owns the table.
"""
