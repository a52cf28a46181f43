/** `clawnode install --systemd` and `uninstall`: the daemon as a service of this host. Doing either twice changes nothing. */
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { systemTools } from '../../adapters/system/tool.ts'
import type { FlagValues } from '../../config/clawnode-flags.ts'
import { layer, parseConfigFile } from '../../config/load.ts'
import { unitFor } from '../../core/install/unit.ts'
import { ClawError } from '../../model/failure.ts'
import { toolProblem } from '../../ports/tool.ts'
import type { Told } from '../preflight/preflight.ts'
import { systemFile } from '../settings.ts'

const unitName = 'clawnode.service'
const timeoutMs = 60_000

type Step =
  | { readonly do: 'write'; readonly file: string; readonly content: string }
  | { readonly do: 'remove'; readonly file: string }
  | { readonly do: 'run'; readonly command: readonly string[] }

interface Place {
  readonly isUser: boolean
  /** Everything is written below it and nothing is started, as packages are made; empty for this host. */
  readonly below: string
  readonly file: string
}

/**
 * `root` is the folder of the package. Throws HOST_UNSUITABLE where no systemd runs, CONFIG_INVALID for settings that cannot be, and
 * INVALID_REQUEST for what makes no sense.
 */
export async function install(values: FlagValues, root: string): Promise<Told> {
  if (values['systemd'] !== true)
    throw new ClawError('INVALID_REQUEST', { problem: 'say install --systemd; there is nothing else to install into' })
  const place = placeOf(values)
  const { isUser, file, below } = place
  const usual = isUser ? join(homedir(), '.clawbernetes') : '/var/lib/clawnode'
  const dataDir = resolve(stringIn(values, 'data-dir') ?? usual)
  const config = stringIn(values, 'config')
  const program = [process.execPath, join(root, 'bin', 'clawnode.cjs')]
  const content = unitFor(await readFile(join(root, 'config', unitName), 'utf8'), {
    start: [...program, 'start', '--data-dir', dataDir, ...(config === undefined ? [] : ['--config', resolve(config)])],
    isUser,
    engineGroup: (await hasGroup('docker')) ? 'docker' : null,
    dataDir: dataDir === usual ? null : dataDir,
    isAtHome: [...program, dataDir].some((path) => /^\/(home|root)\//.test(path)),
  })
  const user = isUser || below !== '' || (await hasUser('clawnode')) ? [] : [newUser]
  const isThere = (await textOf(file)) === content
  const writing: readonly Step[] = isThere ? [] : [{ do: 'write', file, content }]
  const starting = control(
    place,
    // One that runs already would go on as it was started.
    isThere ? [['enable', '--now', unitName]] : [['daemon-reload'], ['enable', unitName], ['restart', unitName]],
  )
  const lingering = isUser && below === '' ? [run('loginctl', 'enable-linger')] : []
  const owner = isUser ? [] : ['-o', 'clawnode']
  const making = dataDir === usual || below !== '' ? [] : [run('install', '-d', '-m', '0700', ...owner, dataDir)]
  const more = await moreFor(place, config ?? systemFile)
  const steps = [...user, ...making, ...writing, ...starting, ...lingering]
  const told = await carryOut(steps, values, place)
  const text = [...(isThere ? [`${file} is as it should be`] : []), told.text, ...more].filter(Boolean).join('\n')
  return { ...told, text }
}

/** What people have to do for what the settings ask for and the unit does not let. What a package will meet is not known. */
async function moreFor({ isUser, below }: Place, settings: string): Promise<readonly string[]> {
  const content = isUser || below !== '' ? null : await textOf(settings)
  if (content === null) return []
  const { network } = layer(settings, parseConfigFile(settings, content))
  if (network.provider !== 'tailscale') return []
  return ['The tailnet needs a drop-in beside the unit, which `clawbernetes network tailscale config` prints.']
}

/** The data directory stays: it holds the node's key. */
export async function uninstall(values: FlagValues): Promise<Told> {
  const place = placeOf(values)
  if ((await textOf(place.file)) === null) return { text: `${place.file} is not there: nothing to do`, exitCode: 0 }
  const steps: readonly Step[] = [
    ...control(place, [['disable', '--now', unitName]]),
    { do: 'remove', file: place.file },
    ...control(place, [['daemon-reload']]),
  ]
  const { text, exitCode } = await carryOut(steps, values, place)
  const rest = 'The data directory and its user are left as they are; so is work that runs.'
  return { text: `${text}\n${rest}`, exitCode }
}

const stringIn = (values: FlagValues, name: string): string | undefined => values[name] as string | undefined

function placeOf(values: FlagValues): Place {
  const isUser = values['user'] === true
  const below = stringIn(values, 'destdir') ?? ''
  const folder = isUser
    ? join(process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'systemd', 'user')
    : '/etc/systemd/system'
  return { isUser, below, file: join(below, folder, unitName) }
}

const run = (...command: readonly string[]): Step => ({ do: 'run', command })

const newUser = run(
  'useradd',
  '--system',
  '--home-dir',
  '/var/lib/clawnode',
  '--shell',
  '/usr/sbin/nologin',
  'clawnode',
)

const control = ({ isUser, below }: Place, calls: readonly (readonly string[])[]): readonly Step[] =>
  below === '' ? calls.map((words) => run('systemctl', ...(isUser ? ['--user'] : []), ...words)) : []

async function carryOut(steps: readonly Step[], values: FlagValues, { below }: Place): Promise<Told> {
  const isDry = values['dry-run'] === true
  const words = steps.map(inWords)
  if (isDry) return { text: ['Would:', ...steps.flatMap(inFull)].join('\n'), exitCode: 0 }
  if (below === '' && !existsSync('/run/systemd/system'))
    throw new ClawError('HOST_UNSUITABLE', { what: 'A service of systemd', reason: 'systemd does not run here' })
  for (const step of steps) await take(step)
  return { text: words.join('\n'), exitCode: 0 }
}

const inWords = (step: Step): string =>
  step.do === 'run' ? `ran ${step.command.join(' ')}` : `${step.do === 'write' ? 'wrote' : 'removed'} ${step.file}`

const inFull = (step: Step): readonly string[] => {
  switch (step.do) {
    case 'run':
      return [`  run ${step.command.join(' ')}`]
    case 'remove':
      return [`  remove ${step.file}`]
    case 'write':
      return [
        `  write ${step.file}:`,
        ...step.content
          .trimEnd()
          .split('\n')
          .map((line) => `    ${line}`),
      ]
  }
}

async function take(step: Step): Promise<void> {
  switch (step.do) {
    case 'remove':
      await rm(step.file, { force: true }).catch(refused)
      return
    case 'write':
      await mkdir(dirname(step.file), { recursive: true })
        .then(() => writeFile(step.file, step.content, { mode: 0o644 }))
        .catch(refused)
      return
    case 'run': {
      const [command = '', ...words] = step.command
      const limits = { timeoutMs, maxBytes: 65_536, signal: AbortSignal.timeout(timeoutMs) }
      const reason = toolProblem(command, await systemTools()(command, words, limits), timeoutMs)
      if (reason !== null) throw new ClawError('HOST_UNSUITABLE', { what: step.command.join(' '), reason })
    }
  }
}

function refused(error: NodeJS.ErrnoException): never {
  const action = `write there: ${error.message}`
  if (error.code === 'EACCES' || error.code === 'EPERM')
    throw new ClawError('PERMISSION_DENIED', { action }, { cause: error })
  throw new ClawError('HOST_UNSUITABLE', { what: 'Installing', reason: error.message }, { cause: error })
}

const textOf = (file: string): Promise<string | null> => readFile(file, 'utf8').catch(() => null)

const hasName = async (file: string, name: string): Promise<boolean> =>
  ((await textOf(file)) ?? '').split('\n').some((line) => line.startsWith(`${name}:`))
const hasUser = (name: string): Promise<boolean> => hasName('/etc/passwd', name)
const hasGroup = (name: string): Promise<boolean> => hasName('/etc/group', name)
