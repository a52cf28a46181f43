/** Words as systemd reads them in units. */

/** Of a command: systemd's own signs are doubled. */
export const systemdWord = (word: string): string => pathWord(word.replaceAll('$', '$$$$'))

/** In quotes where there are spaces. */
export function pathWord(word: string): string {
  const plain = word.replaceAll('%', '%%')
  return /[\s"'\\]/.test(plain) ? `"${plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"` : plain
}
