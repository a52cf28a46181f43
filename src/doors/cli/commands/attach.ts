import { attached } from '../talk/attached.ts'
import { command } from '../line/command.ts'
import { usualDetachKeys } from '../talk/detach-keys.ts'

export default command({
  name: 'attach',
  about: 'Talk to a workload itself: its input, its output, and its end.',
  details:
    'Ends with the exit code of the workload. Input reaches it when it was submitted with -i; when that was without -d, the end of your ' +
    'input is the end of its own, which letting go is not. With -t it has a terminal, whose size follows yours, and the detach keys let go ' +
    'of it. Without a terminal, Ctrl-C sends it SIGINT, unless --no-sig-proxy is given: then it lets go, as it always does when it is sent ' +
    'SIGTERM. Whoever is let go of goes on, and what you do not read for five seconds is left out. A further command in it is `exec`; what ' +
    'it has printed before is `logs`.',
  positionals: { workload: { about: 'Name or id of the workload', completes: 'workload' } },
  options: {
    'no-stdin': { kind: 'flag', about: 'Send it no input' },
    'detach-keys': {
      kind: 'text',
      value: 'KEYS',
      about: `Keys that let go of a terminal: letters and ctrl-LETTER, with commas between; ${usualDetachKeys} if left out`,
    },
    'no-sig-proxy': { kind: 'flag', about: 'Ctrl-C is for this command, and not for the workload' },
    replay: { kind: 'flag', about: 'Begin with what it has printed so far' },
  },
  examples: [
    'attach llm-inference',
    'attach --replay --no-stdin llm-inference',
    'attach --detach-keys ctrl-x llm-inference',
  ],

  run: ({ workload, 'no-stdin': isMute, 'detach-keys': detachKeys, 'no-sig-proxy': isOwn, replay }, session) =>
    attached({ workload, replay, detachKeys, hasInput: !isMute, proxied: isOwn ? [] : ['SIGINT'] }, session),
})
