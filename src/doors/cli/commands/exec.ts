import { command } from '../line/command.ts'
import { interact } from '../talk/interactive.ts'

export default command({
  name: 'exec',
  about: 'Run a further command in a workload, wherever it runs.',
  details:
    'Ends with the exit code of the command. Without -i the command has no input. With -t it has a terminal, whose size follows yours, and ' +
    'Ctrl-C reaches it as any other key; without -t, Ctrl-C sends it SIGINT, SIGTERM is passed on, and a second one kills it. When the workload ends, or the ' +
    'connection to it breaks, the command is killed.',
  positionals: {
    workload: { about: 'Name or id of the workload', completes: 'workload' },
    command: { about: 'The program and its arguments, after --', rest: true },
  },
  options: {
    stdin: { kind: 'flag', short: 'i', about: 'Hand on standard input' },
    tty: { kind: 'flag', short: 't', about: 'Give it a terminal' },
    workdir: { kind: 'text', short: 'w', value: 'DIR', about: 'Working directory; the workload’s own if left out' },
    env: { kind: 'list', short: 'e', value: 'NAME=VALUE', about: 'Environment besides the workload’s; repeatable' },
  },
  examples: [
    'exec llm-inference -- nvidia-smi',
    'exec -it llm-inference -- bash',
    'exec -i llm-inference -- sh -c "cat > /tmp/prompt" < prompt.txt',
    'exec -w /app -e DEBUG=1 llm-inference -- python check.py',
  ],

  run: ({ workload, command: words, stdin, tty, workdir, env }, session) =>
    interact({ workload, command: words, workdir, env, hasInput: stdin, hasTerminal: tty }, session),
})
