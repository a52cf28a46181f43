import { randomBytes } from 'node:crypto'
import { ClawError } from '../../../../model/failure.ts'
import { confirm } from '../../confirm.ts'
import { command } from '../../line/command.ts'
import { counted } from '../../show/words.ts'

/** Before these nothing was begun. */
const harmless = [
  'INVALID_REQUEST',
  'INSUFFICIENT_FUNDS',
  'PERMISSION_DENIED',
  'MOLT_NOT_CONNECTED',
  'PAYMENT_INVALID',
  'PAYMENT_REFUSED',
  'PAYMENT_GIVEN_UP',
] as const

export default command({
  name: 'molt transfer',
  about: 'Pay from the account of a node to any other.',
  details:
    'It says what it is about to do, and asks. What was paid cannot be taken back. A payment that too few witnesses have answered goes on by itself; ' +
    'asked again with the same --key it is paid once, so a script gives one.',
  positionals: {
    to: { about: 'Account, or whole name of a node of this mesh that takes part' },
    amount: { about: 'MOLT: 12, 12.5 or 0.001234; 0.001 at least' },
  },
  options: {
    note: {
      kind: 'text',
      value: 'PURPOSE',
      about: 'What it is for, up to 80 letters: only your own statement shows it',
    },
    key: { kind: 'text', value: 'KEY', about: 'Pay once, however often this is asked with it; the statement shows it' },
    node: { kind: 'text', value: 'NODE', about: 'From whose account; of the one you talk to if left out' },
    yes: { kind: 'flag', short: 'y', about: 'Do not ask' },
  },
  examples: [
    'molt transfer gpu-node-2 12.5 --note "rent for May" --yes',
    'molt transfer gpu-node-2 0.001234 --key invoice-4711 --yes',
    'molt transfer gpu-node-2 3 --yes --json',
  ],

  async run({ to, amount, note, key: given, node, yes }, session) {
    const { out, signal } = session
    if (note !== undefined && given !== undefined)
      throw new ClawError('INVALID_REQUEST', {
        problem: '--note and --key do not go together: the statement shows the key, so the key can say what it is for',
      })
    if (note !== undefined && note.length > 80)
      throw new ClawError('INVALID_REQUEST', { problem: `a note has up to 80 letters, and this one ${note.length}` })
    const random = randomBytes(6).toString('hex')
    const key = given ?? (note === undefined ? random : `${note} #${random}`)
    const api = await session.api()
    const plan = await api.call('molt.transfer', { to, amount, key, node, dryRun: true }, signal)
    const whom = plan.toNode === null ? plan.to : `${plan.toNode} (${plan.to})`
    await confirm([`${plan.amount.inWords} go to ${whom}.`, `${plan.spendable.inWords} are left to spend then.`], {
      ...session,
      yes,
    })
    try {
      const paid = await api.call('molt.transfer', { to: plan.to, amount, key, node }, signal)
      await out.result(paid, ({ spendable, line }) => [
        `${paid.amount.inWords} went to ${whom}, in line ${line?.sequence ?? '?'}, signed by ${counted(line?.signed ?? 0, 'witness', 'witnesses')}`,
        `left to spend: ${spendable.inWords}; key: ${key}`,
      ])
    } catch (error) {
      if (!harmless.some((code) => ClawError.is(error, code)))
        await out.text(
          `It may have been paid, or go on by itself. To ask again and pay once: --key ${JSON.stringify(key)}\n`,
          'stderr',
        )
      throw error
    }
    return undefined
  },
})
