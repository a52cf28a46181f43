/** How people write what the container starts with: its entrypoint, its directory, its user and whether it can be talked to; and notes of their own. */
import { z } from 'zod'
import { parseMemoryMib } from '../../lib/units.ts'
import type { networks, Sandbox } from '../../model/container-profile.ts'
import { isolations, sandboxes } from '../../model/container-profile.ts'
import { ClawError } from '../../model/failure.ts'
import type { ExecutorKind } from '../../model/node.ts'
import { privilegeIn } from '../../model/privilege.ts'
import { processText } from '../fields.ts'

const words = z.union([processText(32_768), z.array(processText(32_768)).max(256)], {
  error: 'must be words, or one string',
})

/** The keys of a request that this file describes. */
export const containerFields = {
  entrypoint: words
    .optional()
    .describe('What runs instead of the entrypoint of the image; command holds its arguments then'),
  workdir: processText(4_096).min(1).optional().describe('Directory in the container that it starts in'),
  user: processText(128).min(1).optional().describe('User in the container: a name, an id, or user:group'),
  stdin: z.boolean().optional().describe('Keep its standard input open, for whoever attaches to it'),
  stdinOnce: z.boolean().optional().describe('With stdin: it ends as soon as somebody who is attached ends theirs'),
  tty: z.boolean().optional().describe('Give it a terminal; both of its outputs are one then'),
  readOnly: z.boolean().optional().describe('It writes only to what is mounted'),
  tmpfs: z
    .array(processText(4_200))
    .max(16)
    .optional()
    .describe('Folders in memory: `/tmp`, or `/cache:512Mi`; 64Mi when no size is said. They count as its memory'),
  privileges: z
    .array(z.string().max(32))
    .max(48)
    .optional()
    .describe(
      'Beyond what every container has, for who may: `privileged`, `host-pid`, `host-ipc`, `host-paths`, or a capability such as `cap-NET_ADMIN`',
    ),
  isolation: z
    .enum(isolations, { error: 'must be own or guest' })
    .optional()
    .describe(
      '`guest` is fenced in as work of strangers is: nobody, nothing of the host, nothing written; `own` when left out',
    ),
  sandbox: z
    .enum(sandboxes, { error: 'must be gvisor or kata' })
    .optional()
    .describe('`gvisor` or `kata`: a kernel of its own, on a node whose engine has that runtime'),
  annotations: z
    .record(z.string(), z.string())
    .optional()
    .describe('Notes of your own, which mean nothing to the mesh; at most 32'),
}

interface Fence {
  readonly network?: (typeof networks)[number] | undefined
  readonly ports?: readonly unknown[] | undefined
  readonly gang?: boolean | undefined
  readonly readOnly?: boolean | undefined
  readonly tmpfs?: readonly string[] | undefined
  readonly privileges?: readonly string[] | undefined
  readonly isolation?: (typeof isolations)[number] | undefined
  readonly sandbox?: Sandbox | undefined
}

/** What is as usual is left out, so that peers of the version before know all that is said. Throws INVALID_REQUEST. */
export function fenceOf({ readOnly, tmpfs = [], privileges = [], isolation, sandbox, ...rest }: Fence) {
  return {
    ...networkFieldsOf(rest),
    ...(readOnly === true ? { readOnly } : {}),
    ...(tmpfs.length === 0 ? {} : { tmpfs: tmpfs.map(tmpfsOf) }),
    ...(privileges.length === 0 ? {} : { privileges: [...new Set(privileges.map(privilegeIn))].toSorted() }),
    ...(isolation === 'guest' ? { isolation } : {}),
    ...(sandbox === undefined ? {} : { sandbox }),
  }
}

/** Nobody reaches what has no network, not even the other parts of its gang. */
function networkFieldsOf({ network, ports = [], gang }: Pick<Fence, 'network' | 'ports' | 'gang'>) {
  if (network !== 'none') return network === undefined ? {} : { network }
  const wants = gang === true ? 'a gang' : ports.length > 0 ? 'ports' : null
  if (wants !== null)
    throw new ClawError('INVALID_REQUEST', { problem: `${wants} without a network: leave out network none` })
  return { offline: true }
}

function tmpfsOf(text: string): { readonly target: string; readonly sizeMib: number } {
  const cut = text.lastIndexOf(':')
  const target = cut < 0 ? text : text.slice(0, cut)
  const sizeMib = cut < 0 ? 64 : parseMemoryMib(text.slice(cut + 1))
  if (sizeMib !== null && sizeMib > 0 && target.startsWith('/')) return { target, sizeMib }
  throw new ClawError('INVALID_REQUEST', {
    problem: `tmpfs “${text.slice(0, 128)}” is not such as /tmp or /cache:512Mi`,
  })
}

interface Interactive {
  readonly stdin?: boolean | undefined
  readonly stdinOnce?: boolean | undefined
  readonly tty?: boolean | undefined
}

/** What is not wanted is left out, so that peers of the version before know all that is said. Throws INVALID_REQUEST. */
export function interactiveOf({ stdin, stdinOnce, tty }: Interactive): { readonly [Key in keyof Interactive]?: true } {
  if (stdinOnce === true && stdin !== true)
    throw new ClawError('INVALID_REQUEST', { problem: 'stdinOnce is about stdin, which is not open' })
  return {
    ...(stdin === true ? { stdin } : {}),
    ...(stdinOnce === true ? { stdinOnce } : {}),
    ...(tty === true ? { tty } : {}),
  }
}

/** Only containers have an input that stays open, or a terminal. Throws INVALID_REQUEST where plain processes are asked for. */
export function executorOf({ stdin, tty }: Interactive, asked: ExecutorKind | undefined): ExecutorKind | undefined {
  if (stdin !== true && tty !== true) return asked
  if (asked === 'process')
    throw new ClawError('INVALID_REQUEST', {
      problem: `plain processes have ${tty === true ? 'no terminal' : 'no input that stays open'}; containers have`,
    })
  return asked ?? 'docker'
}

/** One string is split at spaces, or given to a shell when it needs one, which the image may not have. */
export function wordsOf(command: string | readonly string[] | undefined): readonly string[] {
  if (command === undefined) return []
  if (typeof command !== 'string') return command
  const needsShell = /[|&;<>()$`\\"'*?[\]{}\n~]|^\s*\w+=/.test(command)
  return needsShell ? ['sh', '-c', command] : command.split(/\s+/).filter((word) => word !== '')
}
