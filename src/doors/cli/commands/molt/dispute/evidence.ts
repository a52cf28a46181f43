import { writeFile } from 'node:fs/promises'
import { ClawError } from '../../../../../model/failure.ts'
import { reasonOf } from '../../../file-reason.ts'
import { command } from '../../../line/command.ts'

const sides = ['buyer', 'provider'] as const

export default command({
  name: 'molt dispute evidence',
  about: 'Read what a side of a dispute has put forward.',
  details:
    'The agreement, the last meter note and the last voucher, which are of the whole lease, the account of what was set aside, and the reason, with all signatures. ' +
    '`molt verify FILE` checks it anywhere, by the rules that stand in it: compare the id of the network.',
  positionals: { dispute: { about: 'Id of its agreement, or the beginning of it' } },
  options: {
    export: { kind: 'text', value: 'FILE', about: 'Write it to this file; to standard output if left out' },
    by: { kind: 'text', value: 'SIDE', choices: sides, about: 'Whose; that of whoever has opened it if left out' },
    node: { kind: 'text', value: 'NODE', about: 'Which node; the one you talk to if left out' },
  },
  examples: ['molt dispute evidence 3f9a2c41 --export evidence.json', 'molt dispute evidence 3f9a2c41 --by provider'],

  async run({ dispute, export: path, by: side, node }, { api: connect, out, signal }) {
    const by = sides.find((one) => one === side)
    const api = await connect()
    const { text } = await api.call('moltdispute.evidence', { dispute, by, node }, signal)
    if (path === undefined) {
      await out.text(text)
      return undefined
    }
    await writeFile(path, text).catch((error: unknown) => {
      throw new ClawError('INVALID_REQUEST', { problem: `${path}: ${reasonOf(error)}` }, { cause: error })
    })
    out.note(`${path}: anybody checks it with \`clawbernetes molt verify ${path}\``)
    return undefined
  },
})
