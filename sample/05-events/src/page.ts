/** The names come from clients: they are put into the page as text, never as HTML. */
export const PAGE = `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">
  <title>Gallery</title>
  <style>
    body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem; }
    ul { display: flex; flex-wrap: wrap; gap: 1rem; list-style: none; padding: 0; }
    li { border: 1px solid #ccc; border-radius: 8px; padding: 1rem; width: 320px; overflow-wrap: anywhere; }
    li.waiting { opacity: .5; }
    img { display: block; max-width: 100%; }
    code { font-size: 12px; }
  </style>
  <h1>Gallery</h1>
  <ul></ul>
  <script type="module">
    const cards = new Map();
    const card = (id) => {
      if (!cards.has(id)) {
        cards.set(id, document.createElement('li'));
        document.querySelector('ul').prepend(cards.get(id));
      }
      return cards.get(id);
    };
    const text = (tag, value) => Object.assign(document.createElement(tag), { textContent: value });
    new EventSource('live').onmessage = ({ data }) => {
      const { id, name, length, sha256, thumbnail } = JSON.parse(data);
      const parts = [text('strong', name), text('div', length + ' bytes'), text('code', sha256 ?? 'being processed')];
      if (thumbnail) parts.unshift(Object.assign(new Image(), { src: thumbnail, alt: '' }));
      card(id).className = sha256 ? '' : 'waiting';
      card(id).replaceChildren(...parts);
    };
  </script>
</html>
`;
