import { command } from '../line/command.ts'
import { interact } from '../talk/interactive.ts'

export default command({
  name: 'shell',
  about: 'Open a shell in a workload: exec -it with bash, or sh where there is none.',
  positionals: { workload: { about: 'Name or id of the workload', completes: 'workload' } },
  options: {
    workdir: { kind: 'text', short: 'w', value: 'DIR', about: 'Working directory; the workload’s own if left out' },
  },
  examples: ['shell llm-inference', 'shell -w /data llm-inference'],

  run: ({ workload, workdir }, session) =>
    interact(
      {
        workload,
        command: ['sh', '-c', 'command -v bash > /dev/null && exec bash || exec sh'],
        ...{ workdir, env: [], hasInput: true, hasTerminal: session.host.stdin.isTTY === true },
      },
      session,
    ),
})
