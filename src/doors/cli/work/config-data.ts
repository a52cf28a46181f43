/** The keys of a config map as words of the command line: values, and files that hold some. */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { ClawError } from '../../../model/failure.ts'
import type { Arguments, OptionSpec } from '../line/command.ts'
import { pairsOf } from '../line/pairs.ts'

export const configOptions = {
  data: { kind: 'list', value: 'K=V', about: 'A key and its value' },
  'from-file': {
    kind: 'list',
    value: '[K=]FILE',
    about: 'A key whose value is in a file; the name of the file if K is left out',
  },
} as const satisfies Readonly<Record<string, OptionSpec>>

/** Throws INVALID_REQUEST. */
export async function configData({
  data,
  'from-file': files,
}: Arguments<Record<never, never>, typeof configOptions>): Promise<Record<string, string>> {
  const read = files.map(async (word): Promise<readonly [string, string]> => {
    const cut = word.indexOf('=')
    const path = word.slice(cut + 1)
    return [cut < 0 ? basename(path) : word.slice(0, cut), await contentOf(path)]
  })
  return { ...pairsOf(data, '--data'), ...Object.fromEntries(await Promise.all(read)) }
}

async function contentOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const problem = `${path} cannot be read: ${(cause as NodeJS.ErrnoException).code ?? 'unknown reason'}`
    throw new ClawError('INVALID_REQUEST', { problem }, { cause })
  }
}
