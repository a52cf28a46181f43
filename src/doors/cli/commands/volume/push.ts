import { command } from '../../line/command.ts'
import { bytesInWords, inNamespace, namespaceOption } from '../../work/volume-words.ts'

export default command({
  name: 'volume push',
  about: 'Put what work has changed in a volume of S3 into its store.',
  details:
    'For a volume that was made with --access RWO. Only files that were changed here since they were fetched, or put, are written. Where the ' +
    'store was changed meanwhile in another way, nothing is, and the names are told. Work that writes meanwhile is copied as it is found.',
  positionals: { name: { about: 'Name of the volume' } },
  options: {
    ...namespaceOption,
    delete: { kind: 'flag', about: 'What is gone here since it was fetched, or put, goes there, too' },
    force: { kind: 'flag', about: 'What is here takes the place of what was changed there as well' },
  },
  examples: ['volume push results', 'volume push results --delete --json'],

  async run(args, { api: connect, out, signal, host }) {
    const input = { name: args.name, ...inNamespace(args, host), delete: args.delete, force: args.force }
    for await (const item of (await connect()).stream('volume.push', input, signal)) {
      if (!item.isDone) out.note(`${bytesInWords(item.bytes)} so far`)
      else await out.result(item, (one) => linesOf(args.name, one))
    }
    return undefined
  },
})

interface Counts {
  readonly bytes: number
  readonly put: number | null
  readonly deleted: number | null
  readonly left: number | null
  readonly theirs: number | null
  readonly leftOut: number | null
  readonly leftOutPaths: readonly string[] | null
}

const linesOf = (
  name: string,
  { bytes, put, deleted, left, theirs, leftOut, leftOutPaths }: Counts,
): readonly string[] => [
  `${name}: ${put ?? 0} put (${bytesInWords(bytes)}), ${deleted ?? 0} deleted`,
  ...told(left, 'gone here and still in the store: --delete takes them away there'),
  ...told(theirs, 'changed in the store alone, and not fetched'),
  ...told(leftOut, `left out, being no files: ${someOf(leftOutPaths ?? [], leftOut ?? 0)}`),
]

const someOf = (paths: readonly string[], count: number): string =>
  [...paths.slice(0, 8), ...(count > Math.min(paths.length, 8) ? ['…'] : [])].join(', ')

const told = (count: number | null, words: string): readonly string[] =>
  count === null || count === 0 ? [] : [`${count} ${words}`]
