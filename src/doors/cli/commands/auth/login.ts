import { ClawError } from '../../../../model/failure.ts'
import { command } from '../../line/command.ts'
import { type Context, contextIn, local, readContexts, withMesh, writeContexts } from '../../peer/contexts.ts'
import { signedIn } from '../../peer/oidc-login.ts'
import { givenToken } from '../../peer/given-token.ts'
import { nameOfContext } from '../../peer/target.ts'
import { whoIs } from '../../peer/who-is.ts'

export default command({
  name: 'auth login',
  about: 'Keep the token that lets you into the mesh of a context, once it has.',
  details:
    'An API key or another token, from --from FILE, from CLAWBERNETES_TOKEN, typed unseen, or from standard input; never from the command line, which ' +
    'others can see. It is tried first, and kept in the file of the contexts, which only you can read. With --oidc you sign in at the ' +
    'identity provider of the mesh instead, in a browser on this machine, or with --device on any other.',
  positionals: {
    context: { about: 'Context to log in to; the one in use if left out', optional: true, completes: 'context' },
  },
  options: {
    from: { kind: 'text', value: 'FILE', about: 'File with the token; - for standard input' },
    oidc: { kind: 'flag', about: 'Sign in at the identity provider of the mesh' },
    device: { kind: 'flag', about: 'The same with a browser on another machine' },
  },
  examples: ['auth login lab --from ~/lab.token', 'auth login lab < lab.token', 'auth login lab --oidc'],

  async run({ context: asked, from, oidc, device }, session) {
    const { host, out, contextName } = session
    const name = asked ?? (await nameOfContext(contextName, host)) ?? local
    if (name === local)
      throw new ClawError('INVALID_REQUEST', {
        problem: 'the daemon of this host needs no login; name a context, as `clawbernetes context add` makes them',
      })
    const known = await readContexts(host)
    const before = contextIn(known, name)
    const isOidc = oidc || device
    const token = isOidc ? await signedIn(before, device, session) : await givenToken(from, session)
    const context = withToken(before, token)
    const { id, who, mesh } = await whoIs(context, session)
    const kept = withMesh(context, mesh)
    await writeContexts({ ...known, contexts: { ...known.contexts, [name]: kept } }, host)
    await out.result({ context: name, id, who }, () => [`${name} knows you as ${who}`])
    return undefined
  },
})

/** In place of what there was. */
function withToken(context: Context, token: string): Context {
  const { tokenFile, ...rest } = context
  return tokenFile === undefined ? { ...context, token } : { ...rest, token }
}
