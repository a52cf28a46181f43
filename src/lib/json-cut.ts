/** Cutting a text to what it takes as JSON, where a control character takes six bytes. */

/** The beginning of the text, as far as its JSON has so many bytes at most. */
export const headInJson = (text: string, most: number): string => longest(text, most, headOf)

/** The end of it. */
export const tailInJson = (text: string, most: number): string => longest(text, most, tailOf)

type Cut = (text: string, length: number) => string

/** Never half of a character that takes two. */
const headOf: Cut = (text, length) => text.slice(0, isWithinPair(text, length) ? length - 1 : length)

const tailOf: Cut = (text, length) => {
  const from = text.length - length
  return text.slice(isWithinPair(text, from) ? from + 1 : from)
}

const isWithinPair = (text: string, at: number): boolean => (text.codePointAt(at - 1) ?? 0) > 0xffff

const bytesOf = (text: string): number => Buffer.byteLength(JSON.stringify(text))

function longest(text: string, most: number, cut: Cut): string {
  if (bytesOf(text) <= most) return text
  let fits = 0
  let tooMany = text.length
  while (tooMany - fits > 1) {
    const middle = Math.floor((fits + tooMany) / 2)
    if (bytesOf(cut(text, middle)) <= most) fits = middle
    else tooMany = middle
  }
  return cut(text, fits)
}
