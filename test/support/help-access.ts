/** The roles, users and API keys that the examples of the help pages name. */
import type { Api } from '../../src/doors/cli/peer/api.ts'
import { ClawError, type FailureCode } from '../../src/model/failure.ts'

const { signal } = new AbortController()
const ada = 'ada'
const shown = 'ak_x7k2m4q5abcd'

/** Sets up what the example names; returns it with the id of a key that there is. */
export async function beforeAuth(api: Api, line: string): Promise<string> {
  const [, what = '', verb = '', name = '', role = ''] = line.split(' ')
  if (what === 'role' && verb === 'create') await noRole(api, name)
  if (what === 'role' && verb === 'delete') await aRole(api, name)
  if (what === 'user' && verb === 'create') await noUser(api, name)
  else if ((what === 'user' && name === ada) || line.includes(`--as ${ada}`)) await aUser(api)
  if (what === 'user' && verb === 'remove-role') {
    const namespace = line.includes('-n team-a') ? 'team-a' : undefined
    await api.call('user.assign', { user: ada, role, namespace }, signal)
  }
  if (!line.includes(shown)) return line
  const { id } = await api.call('apikey.create', {}, signal)
  return line.replaceAll(shown, id)
}

const noRole = (api: Api, role: string): Promise<void> =>
  ignoring('ROLE_NOT_FOUND', () => api.call('role.delete', { role }, signal))

const aRole = (api: Api, role: string): Promise<void> =>
  ignoring('ROLE_EXISTS', () => api.call('role.create', { role, rules: ['exec:workload'] }, signal))

const noUser = (api: Api, user: string): Promise<void> =>
  ignoring('USER_NOT_FOUND', () => api.call('user.delete', { user }, signal))

const aUser = (api: Api): Promise<void> => ignoring('USER_EXISTS', () => api.call('user.create', { user: ada }, signal))

async function ignoring(code: FailureCode, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!ClawError.is(error, code)) throw error
  }
}
