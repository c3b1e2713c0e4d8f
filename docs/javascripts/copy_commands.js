// The copy button of a session takes its commands only: lines after a prompt, and those that a backslash continues.
for (const code of document.querySelectorAll('.highlight code')) {
  if (!code.querySelector('.gp')) continue
  const commands = []
  let continues = false
  for (const line of code.textContent.split('\n')) {
    const begins = line.startsWith('$ ')
    if (begins || continues) commands.push(begins ? line.slice(2) : line)
    continues = (begins || continues) && line.endsWith('\\')
  }
  code.closest('pre').setAttribute('data-copy', commands.join('\n'))
}
