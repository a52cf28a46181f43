/** A program that shows something for each key, and is given the next key once it has. */
interface Talk {
  readonly output: AsyncIterable<{ readonly data: Uint8Array }>
  write(data: Uint8Array): Promise<void>
}

/** Gives each key once what belongs to it is shown, and reads to the end. Returns how many were given. */
export async function answerKeys(
  talk: Talk,
  answers: readonly (readonly [shown: string, key: number])[],
): Promise<number> {
  let [text, answered] = ['', 0]
  for await (const { data } of talk.output) {
    text += Buffer.from(data).toString('utf8')
    const [shown, key] = answers[answered] ?? ['', 0]
    if (shown === '' || !text.includes(shown)) continue
    answered += 1
    await talk.write(Uint8Array.of(key))
  }
  return answered
}

/** Ctrl-P, Ctrl-Q and a line end, for a program that says `here`: the first two are those by which an engine lets go. */
export const detachKeysTyped = [
  ['here', 0x10],
  ['^P', 0x11],
  ['^Q', 0x0d],
] as const
