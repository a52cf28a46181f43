/** Which programs of this host others may find, and which they may run. */
import { findProgram } from '../adapters/process/find-program.ts'
import { defaultPath } from '../adapters/process/task-environment.ts'
import { runProgram } from '../adapters/system/program.ts'
import type { Config } from '../config/schema.ts'
import { ClawError } from '../model/failure.ts'
import type { ProgramsView } from '../operations/context.ts'
import type { RunProgram } from '../ports/program.ts'

/** Programs that run for others at a time. */
const mostAtOnce = 4

/** `programs` of the settings are names, found where this daemon looks for them, or paths; none means all. */
export function programsOf({ allowRun, programs }: Config['system']): ProgramsView {
  const path = process.env['PATH'] || defaultPath
  const find = (name: string): Promise<string | null> => findProgram(name, path)
  let running = 0
  const run: RunProgram = async (request) => {
    if (running >= mostAtOnce) throw new ClawError('RATE_LIMITED', { who: 'This mesh' })
    running += 1
    try {
      return await runProgram(request)
    } finally {
      running -= 1
    }
  }
  return {
    find,
    run,
    async allowed(name) {
      if (!allowRun) throw denied('run programs on this host: its configuration does not allow it (system.allow_run)')
      if (programs.length > 0 && !programs.includes(name))
        throw denied(`run ${name.slice(0, 64)} on this host: it is none of system.programs`)
      const program = await find(name)
      if (program === null)
        throw new ClawError('INVALID_REQUEST', { problem: `there is no program ${name.slice(0, 64)}` })
      return program
    },
  }
}

const denied = (action: string): ClawError => new ClawError('PERMISSION_DENIED', { action })
