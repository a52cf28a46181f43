import { command } from '../../line/command.ts'
import { interactIn } from '../../talk/interactive.ts'

export default command({
  name: 'molt exec',
  about: 'Run a further command in the work of a job, at its provider.',
  details: 'As exec does for work of the mesh. It ends with the exit code of the command.',
  positionals: {
    job: { about: 'Its id or name' },
    command: { about: 'The program and its arguments, after --', rest: true },
  },
  options: {
    stdin: { kind: 'flag', short: 'i', about: 'Hand on standard input' },
    tty: { kind: 'flag', short: 't', about: 'Give it a terminal' },
    workdir: { kind: 'text', short: 'w', value: 'DIR', about: 'Working directory; the work’s own if left out' },
    env: { kind: 'list', short: 'e', value: 'NAME=VALUE', about: 'Environment besides the work’s; repeatable' },
    node: { kind: 'text', value: 'NODE', about: 'Which node; the one you talk to if left out' },
  },
  examples: ['molt exec train -- nvidia-smi', 'molt exec -it train -- bash'],

  run: ({ job, command: words, stdin, tty, workdir, env, node }, session) =>
    interactIn(
      { workload: job, command: words, workdir, env, hasInput: stdin, hasTerminal: tty },
      (api, opening, signal) => api.converse('moltjob.exec', { job, node, ...opening }, signal),
      session,
    ),
})
