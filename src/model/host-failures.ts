/** What can go wrong with one host, its files and its settings. */
import { failure, meant } from './failure-row.ts'

export const hostFailures = {
  ADDRESS_IN_USE: failure(
    'conflict',
    ({ address }: { address: string }) => `Something else already listens at ${address}.`,
    'Stop it, or choose another address: with --api, with --listen, for a MOLT network with `[molt] listen` in the configuration, for the socket with another --data-dir.',
  ),
  IDENTITY_CORRUPT: failure(
    'internal',
    ({ file }: { file: string }) => `${file} holds no identity.`,
    'Restore it from a backup, or join again with another --data-dir and a new token.',
  ),
  CONFIG_INVALID: failure(
    'invalid',
    ({ file, problem }: { file: string; problem: string }) => `${file} is not valid: ${problem}.`,
    'See docs/reference/config.md for every setting.',
  ),
  SCENARIO_INVALID: failure(
    'invalid',
    ({ file, problem }: { file: string; problem: string }) => `${file} is no scenario that can be played: ${problem}.`,
    'Print one that works with `clawbernetes sim small --show`; docs/guide.md explains its lines.',
  ),
  CONTEXT_NOT_FOUND: failure(
    'not-found',
    ({ context, near }: { context: string; near?: string }) => `There is no context ${context}.${meant(near)}`,
    'List them with `clawbernetes context ls`, or make one with `clawbernetes context add`.',
  ),
  HOST_UNSUITABLE: failure(
    'refused',
    ({ what, reason }: { what: string; reason: string }) => `${what} is not possible on this host: ${reason}.`,
    'See what the host lacks with `clawnode preflight`.',
  ),
}
