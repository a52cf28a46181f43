/** The tailnet in words. */
import type { OutputOf } from '../../../operations/registry.ts'
import { aligned } from '../show/aligned.ts'
import { facts, orDash } from '../show/words.ts'

type Status = OutputOf<'tailscale.status'>
type Tailnet = NonNullable<OutputOf<'network.status'>['tailnet']>

/** As people say it. */
const states = {
  NoState: 'not begun yet',
  InUseOtherUser: 'used by another user of the host',
  NeedsLogin: 'not logged in',
  NeedsMachineAuth: 'waits for approval by an administrator of the tailnet',
  Stopped: 'turned off',
  Starting: 'starts',
  Running: 'up',
} as const

const inWords = (state: Status['state']): string => (state === null ? 'its client does not answer' : states[state])

export function tailscaleLines(status: Status): readonly string[] {
  const { tailnet, version, loginServer, loginExpiresAt } = status
  return [
    ...facts([
      ['Node', status.node],
      ['Tailnet', `${inWords(status.state)}${tailnet === null ? '' : `, ${tailnet}`}`],
      ['Name there', status.dnsName ?? status.hostName],
      ['Addresses', orDash(status.addresses.join(', '))],
      ['Told members', orDash(status.announced.join(', '))],
      ['Tags', orDash(status.tags.join(', '))],
      ...(loginServer === null ? [] : [['Server', loginServer] as const]),
      ...(loginExpiresAt === null ? [] : [['Login until', loginExpiresAt] as const]),
      ['Machines', String(status.machines)],
      ['Client', `${orDash(version)}${status.managed ? '' : ', brought up by its owner'}`],
    ]),
    ...status.problems.flatMap(({ problem, command }) => [
      `! ${problem}`,
      ...(command === null ? [] : [`  on that host:  ${command}`]),
    ]),
    ...status.health.map((words) => `! the client says: ${words}`),
  ]
}

/** Below what is said of the overlay. */
export function tailnetLines({ state, name, members }: Tailnet): readonly string[] {
  return [
    ...facts([['Tailnet', `${inWords(state)}${name === null ? '' : `, ${name}`}`]]),
    '',
    ...aligned([
      ['NODE', 'TAILNET ADDRESS', 'LINK', ''],
      ...members.map(({ node, addresses, link, path }) => [node, addresses.join(', '), link, path ?? '']),
    ]),
  ]
}
