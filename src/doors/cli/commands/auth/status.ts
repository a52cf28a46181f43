import { ClawError, isClawError } from '../../../../model/failure.ts'
import { accessOf, readContexts } from '../../peer/contexts.ts'
import { type Me, whoIs } from '../../peer/who-is.ts'
import { listCommand } from '../../show/list-command.ts'
import type { Peer, Session } from '../../line/command.ts'
import type { Column } from '../../show/table.ts'
import { orDash } from '../../show/words.ts'

interface Shown {
  readonly name: string
  readonly current: boolean
  readonly access: string | null
  readonly who: string | null
  readonly problem: string | null
}

const columns: readonly Column<Shown>[] = [
  { head: 'Current', cell: ({ current }) => (current ? '*' : '') },
  { head: 'Context', cell: ({ name }) => name },
  { head: 'Access', cell: ({ access }) => orDash(access) },
  { head: 'You are', cell: ({ who, problem }) => who ?? orDash(problem) },
]

/** Somebody who looks at all of them does not wait long for one. */
const patience = 3_000

export default listCommand({
  name: 'auth status',
  about: 'Show how you get into each context, and who you are there.',
  details:
    'Each mesh is asked. First comes the peer that commands talk to where that is of no context, such as the daemon of this host. Tokens are ' +
    'never shown.',
  positionals: {},
  options: {},
  examples: ['auth status', 'auth status --json'],
  columns,
  key: ({ name }) => name,

  async rows(_, session) {
    const { host } = session
    const { contexts } = await readContexts(host)
    const current = await session.contextInUse()
    const named = Object.entries(contexts).map(async ([name, context]) => ({
      ...{ name, current: name === current, access: accessOf(context) },
      ...(await known(() => whoIs(context, session, patience), session)),
    }))
    const direct = current === null ? (await session.peers()).map((peer) => ofPeer(peer, session)) : []
    return Promise.all([...direct, ...named])
  },
})

async function ofPeer({ address, access, open }: Peer, session: Session): Promise<Shown> {
  const look = async (): Promise<Me> => {
    const api = await open()
    try {
      return await api.call('auth.whoami', {}, session.signal)
    } finally {
      await api.close()
    }
  }
  return { ...{ name: address, current: true, access }, ...(await known(look, session)) }
}

async function known(look: () => Promise<Me>, { signal }: Session): Promise<Pick<Shown, 'who' | 'problem'>> {
  try {
    return { who: (await look()).who, problem: null }
  } catch (error) {
    if (signal.aborted || !isClawError(error)) throw error
    const { code, message } = error
    return { who: null, problem: ClawError.is(error, 'ECONNREFUSED') ? 'nothing answers' : `${code}: ${message}` }
  }
}
