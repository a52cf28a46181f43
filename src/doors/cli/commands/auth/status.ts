import { ClawError, isClawError } from '../../../../model/failure.ts'
import { accessOf, type Context, local, readContexts } from '../../peer/contexts.ts'
import { nameOfContext } from '../../peer/target.ts'
import { whoIs } from '../../peer/who-is.ts'
import { listCommand } from '../../show/list-command.ts'
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
  details: 'Each mesh is asked. Tokens are never shown.',
  positionals: {},
  options: {},
  examples: ['auth status', 'auth status --json'],
  columns,
  key: ({ name }) => name,

  async rows(_, session) {
    const { host } = session
    const { contexts } = await readContexts(host)
    const current = (await nameOfContext(undefined, host)) ?? local
    return Promise.all(
      Object.entries(contexts).map(async ([name, context]) => ({
        ...{ name, current: name === current, access: accessOf(context) },
        ...(await known(context, session)),
      })),
    )
  },
})

async function known(context: Context, session: Parameters<typeof whoIs>[1]): Promise<Pick<Shown, 'who' | 'problem'>> {
  try {
    return { who: (await whoIs(context, session, patience)).who, problem: null }
  } catch (error) {
    if (session.signal.aborted || !isClawError(error)) throw error
    const { code, message } = error
    return { who: null, problem: ClawError.is(error, 'ECONNREFUSED') ? 'nothing answers' : `${code}: ${message}` }
  }
}
