import { checkLines, checksExitCode } from '../../../model/check.ts'
import { command } from '../line/command.ts'
import { examine } from '../doctor.ts'

export default command({
  name: 'doctor',
  about: 'Find out what stands between you and the mesh.',
  details:
    'Each check says what was seen, what to do about it, and where to read on. The exit code is 0 when all is well, 1 with a warning, ' +
    '2 when something will not work. What a host needs to run the daemon, `clawnode preflight` tells there.',
  positionals: {},
  options: {},
  examples: ['doctor', 'doctor --json'],

  async run(_, session) {
    const checks = await examine(session)
    await session.out.result(checks, checkLines)
    return checksExitCode(checks)
  },
})
