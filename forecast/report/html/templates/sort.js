for (const [place, head] of [...document.querySelectorAll('thead th')].entries()) {
  if (head.classList.contains('plain')) continue;
  const button = document.createElement('button');
  button.textContent = head.textContent;
  head.replaceChildren(button);
  button.addEventListener('click', () => {
    const falls = head.getAttribute('aria-sort') === 'ascending';
    document.querySelectorAll('th[aria-sort]').forEach(each => each.removeAttribute('aria-sort'));
    head.setAttribute('aria-sort', falls ? 'descending' : 'ascending');
    const body = document.querySelector('tbody');
    const keyed = [...body.rows].map(row => {
      const cell = row.cells[place], key = cell.dataset.k;
      return [key === undefined ? cell.innerText.trim() : key === '' ? null : Number(key), row];
    });
    const way = falls ? -1 : 1;
    keyed.sort(([a], [b]) => a === null || b === null ? (a === null) - (b === null)
      : way * (typeof a === 'number' ? a - b : a.localeCompare(b, undefined, {numeric: true})));
    body.append(...keyed.map(([, row]) => row));
  });
}
