import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ClawError } from '../../../model/failure.ts'
import type { Session } from '../line/command.ts'
import { command } from '../line/command.ts'
import { completionFiles, completionScripts, completionSteps } from '../line/completion-scripts.ts'

export default command({
  name: 'completion',
  about: 'Print the completion script of a shell.',
  details:
    'It offers commands, options, and the names of your nodes and workloads. `completion install` puts it where your shell, or the one ' +
    'that is named, looks for it.',
  positionals: {
    shell: { about: 'bash, zsh, fish or powershell; or install', completes: 'shell' },
    which: { about: 'After install: the shell; yours if left out', optional: true, completes: 'shell' },
  },
  options: {},
  examples: [
    'completion install',
    'completion install zsh',
    'completion bash',
    'completion powershell > clawbernetes.ps1',
  ],

  async run({ shell, which }, { out, host }) {
    if (shell === 'install') return installed(which ?? ownShell(host), { out, host })
    if (which !== undefined) throw new ClawError('INVALID_REQUEST', { problem: `${which} is one word too many` })
    const script = scriptFor(shell)
    await out.item({ shell, script }, script)
    return undefined
  },
})

function scriptFor(shell: string): string {
  const script = Object.hasOwn(completionScripts, shell) ? completionScripts[shell] : undefined
  if (script !== undefined) return script
  const known = Object.keys(completionScripts).join(', ')
  throw new ClawError('INVALID_REQUEST', { problem: `there is no completion for ${shell}; take ${known}` })
}

const ownShell = ({ env }: Pick<Session['host'], 'env'>): string => basename(env['SHELL'] ?? 'bash')

/** Doing it twice changes nothing. */
async function installed(shell: string, { out, host }: Pick<Session, 'out' | 'host'>): Promise<undefined> {
  const script = scriptFor(shell)
  const file = join(host.home, completionFiles[shell] ?? '')
  const before = await readFile(file, 'utf8').catch(() => null)
  try {
    await mkdir(dirname(file), { recursive: true })
    if (before !== script) await writeFile(file, script)
  } catch (error) {
    throw new ClawError('INVALID_REQUEST', { problem: `${file}: ${(error as Error).message}` }, { cause: error })
  }
  await out.result({ shell, file, changed: before !== script }, () => [
    before === script ? `${file} is as it should be` : `${file} is there; new shells complete by it`,
  ])
  const step = completionSteps[shell] ?? null
  if (step !== null) out.note(step)
  return undefined
}
