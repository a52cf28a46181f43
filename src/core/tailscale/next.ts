/** What a daemon does about its host’s place in the tailnet, and what is left for people to do. */
import { ClawError } from '../../model/failure.ts'
import type { TailscaleWhy } from '../../model/tailnet-failures.ts'
import type { Tailnet } from '../../model/tailnet.ts'
import { day, minute, second, type Instant, type Millis } from '../../model/time.ts'
import { upCommand } from './arguments.ts'
import type { TailscaleSetup } from './setup.ts'

/** Something that is wrong, and the one command on that host that helps; null where none does. */
export interface Trouble {
  readonly words: string
  readonly command: string | null
}

export type Next =
  | { readonly do: 'nothing'; readonly trouble: Trouble | null }
  /** The client is told what the settings say, and given the key where it has to log in. */
  | { readonly do: 'up'; readonly isRenewal: boolean }

export interface Around {
  readonly setup: TailscaleSetup
  readonly hasKey: boolean
  /** The client has taken the settings as they are now. */
  readonly isTold: boolean
  readonly now: Instant
}

const nothing = (words: string | null, command: string | null = null): Next => ({
  do: 'nothing',
  trouble: words === null ? null : { words, command },
})

export function nextStep(tailnet: Tailnet, around: Around): Next {
  const { setup, hasKey, isTold } = around
  switch (tailnet.state) {
    case 'NoState':
    case 'Starting':
      return nothing(null)
    case 'InUseOtherUser':
      return nothing('another user of this host uses the client')
    case 'NeedsMachineAuth':
      return nothing('an administrator of the tailnet has to approve this machine')
    // Somebody has turned it off, by our command or by hand. It is not for the daemon to know better.
    case 'Stopped':
      return nothing('it was turned off', 'clawbernetes network tailscale up')
    case 'NeedsLogin': {
      const isRenewal = tailnet.hasNodeKey && isOver(tailnet, around.now)
      if (setup.manages && hasKey) return { do: 'up', isRenewal }
      const words = isRenewal ? 'the login of this host has run out' : 'this host is not logged in'
      return nothing(
        setup.manages ? `${words}, and there is no key` : words,
        upCommand(setup, isRenewal ? ['--force-reauth'] : []),
      )
    }
    case 'Running':
      return setup.manages && !isTold
        ? { do: 'up', isRenewal: false }
        : { do: 'nothing', trouble: troubleIn(tailnet, around) }
  }
}

const isOver = ({ isExpired, keyExpiresAt }: Tailnet, now: Instant): boolean =>
  isExpired || (keyExpiresAt !== null && keyExpiresAt <= now)

/** Before it comes to that. */
const warnBefore: Millis = 7 * day

/** What is wrong with a tailnet that runs. */
function troubleIn(tailnet: Tailnet, { setup, now }: Around): Trouble | null {
  const { name, addresses, keyExpiresAt, isUserspace } = tailnet
  if (!isExpected(tailnet, setup))
    return {
      words: `this host is in the tailnet ${name ?? 'without a name'}, not in ${setup.tailnet ?? ''}`,
      command: null,
    }
  if (addresses.length === 0) return { words: 'the tailnet gave this host no address', command: null }
  if (isOver(tailnet, now) || (keyExpiresAt !== null && keyExpiresAt - now < warnBefore))
    return {
      words: `the login of this host runs out at ${new Date(keyExpiresAt ?? now).toISOString()}`,
      command: upCommand(setup, ['--force-reauth']),
    }
  if (isUserspace)
    return { words: 'the client makes no interface, so this host cannot connect to others over it', command: null }
  return null
}

/** Whether it is the tailnet that the owner of the host wants it in. */
export const isExpected = ({ name }: Pick<Tailnet, 'name'>, { tailnet }: Pick<TailscaleSetup, 'tailnet'>): boolean =>
  tailnet === null || tailnet === name

/** What helps when the client did not do what it was asked. */
function adviceFor(why: TailscaleWhy, problem: string, setup: TailscaleSetup): Trouble {
  switch (why) {
    case 'missing':
      return { words: 'it is not installed', command: 'curl -fsSL https://tailscale.com/install.sh | sh' }
    case 'daemon':
      return { words: 'its daemon does not run', command: 'sudo systemctl enable --now tailscaled' }
    case 'denied':
      return { words: 'the daemon may not change it', command: upCommand(setup) }
    case 'settings':
      return { words: 'somebody has settings that these would take back', command: upCommand(setup, ['--reset']) }
    case 'silent':
    case 'garbage':
    case 'refused':
      return { words: problem, command: null }
  }
}

/** A failure as what is left to do about it. */
export function troubleOf(error: Error, setup: TailscaleSetup): Trouble {
  if (ClawError.is(error, 'TAILSCALE_FAILED')) return adviceFor(error.facts.why, error.facts.problem, setup)
  return { words: error.message.replace(/\.$/, ''), command: null }
}

/** How long to wait before `tailscale up` is tried again after so many failures: what a server refuses it is not asked every few seconds. */
export const waitAfter = (failures: number): Millis =>
  failures <= 0 ? 0 : Math.min(15 * second * 2 ** (failures - 1), 10 * minute)
