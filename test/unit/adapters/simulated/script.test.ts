import fc from 'fast-check'
import { expect, test } from 'vitest'
import { stepsOf, type Step } from '../../../../src/adapters/simulated/script.ts'

const say = (text: string, stream: 'stdout' | 'stderr' = 'stdout'): Step => ({ type: 'print', stream, text })
const wait = (span: number): Step => ({ type: 'wait', span })
const exit = (code: number): Step => ({ type: 'exit', code })
const shell = (script: string, env: Record<string, string> = {}): readonly Step[] =>
  stepsOf({ command: ['sh', '-c', script], env })

test.each<[string, Step[]]>([
  ['sleep 2', [wait(2_000)]],
  ['echo hello world; sleep 0.5 && exit 3', [say('hello world'), wait(500), exit(3)]],
  [`echo 'a; b'  "c \\"d\\"" e\\ f`, [say('a; b c "d" e f')]],
  ['echo oops >&2\necho 1>&2 again', [say('oops', 'stderr'), say('again', 'stderr')]],
  ['sleep 60 & wait $!', [wait(60_000)]],
  ['python train.py --lr 1', [wait(1_000)]],
  ['false', [exit(1)]],
  ['cat > /tmp/prompt', [wait(1_000)]],
  ['cat /no/such/file', [exit(1)]],
  ['', []],
  [`trap '' TERM`, [{ type: 'trap', signals: ['TERM'], then: 'ignore' }]],
  [`trap 'echo saved' SIGUSR1 HUP`, [{ type: 'trap', signals: ['USR1', 'HUP'], then: [say('saved')] }]],
  ['trap - USR1', [{ type: 'trap', signals: ['USR1'], then: 'default' }]],
  [`trap 'echo bye; exit 4' TERM`, [{ type: 'trap', signals: ['TERM'], then: [say('bye'), exit(4)] }]],
  ['repeat ab 3', [say('ababab')]],
])('%j does %j', (script, steps) => expect(shell(script)).toEqual(steps))

test('variables come from the environment, and not into single quotes', () => {
  expect(shell(`echo "$A \${B}" $C '$A'`, { A: '1 "x"', B: '2' })).toEqual([say('1 "x" 2  $A')])
})

test('without a shell the arguments are taken as they are', () => {
  expect(stepsOf({ command: ['/bin/echo', 'a;b', '$X'], env: {} })).toEqual([say('a;b $X')])
  expect(stepsOf({ command: ['sleep', '3'], env: {} })).toEqual([wait(3_000)])
})

test('no command is one second of work', () => {
  expect(stepsOf({ command: [], env: {} })).toEqual([wait(1_000), exit(0)])
})

test('the environment says what happens, whatever the command is', () => {
  const env = { CLAW_SIM_SECONDS: '30', CLAW_SIM_EXIT: '9', CLAW_SIM_OUTPUT: 'one\ntwo' }
  expect(stepsOf({ command: ['echo', 'no'], env })).toEqual([say('one'), say('two'), wait(30_000), exit(9)])
  expect(stepsOf({ command: ['x'], env: { CLAW_SIM_SECONDS: 'soon' } })).toEqual([wait(1_000), exit(0)])
})

test('any script is read without a throw, and within bounds', () => {
  const piece = fc.constantFrom(
    'echo',
    ' ',
    "'",
    '"',
    ';',
    '&',
    '$',
    '${',
    '>&2',
    '\\',
    '\n',
    'sleep',
    '9',
    'trap',
    'x',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece).map((all) => all.join('')),
      ),
      (script) => {
        expect(shell(script).length).toBeLessThanOrEqual(10_000)
      },
    ),
  )
})
