import type { OutputOf } from '../../../../../operations/registry.ts'
import { command } from '../../../line/command.ts'
import { notKept } from '../../../work/network-policy-options.ts'

export default command({
  name: 'network policy check',
  about: 'Say whether one may open connections to another, and which policies say so.',
  details: 'It goes by the policies, and says where nodes do not keep them. Ends with 5 when it may not.',
  positionals: {
    from: { about: 'Name of a deployment, name or id of a workload, or an IPv4 address' },
    to: { about: 'The same, of whom it wants to reach' },
  },
  options: { port: { kind: 'text', value: 'PORT', about: '443 or 53/udp; whether every port is open if left out' } },
  examples: ['network policy check web db --port 5432', 'network policy check 10.200.3.7 db --json'],

  async run({ from, to, port }, { api: connect, out, signal }) {
    const asked = { from, to, ...(port !== undefined && { port }) }
    const answer = await (await connect()).call('networkpolicy.check', asked, signal)
    await out.result(answer, (one) => [
      `${nameOf(one.from)} ${one.allowed ? 'may' : 'may not'} reach ${nameOf(one.to)}${one.port === null ? '' : ` at ${one.port}`}: ${one.reason}`,
      ...notKept(one.unenforced),
    ])
    return answer.allowed ? undefined : answeredNo
  },
})

const answeredNo = 5

const nameOf = ({ name, address }: OutputOf<'networkpolicy.check'>['from']): string =>
  name === null ? (address ?? 'it') : `${name}${address === null ? '' : ` (${address})`}`
