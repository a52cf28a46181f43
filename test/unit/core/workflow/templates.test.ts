import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Told } from '../../../../src/core/workflow/templates.ts'
import { filled, hasTemplate, referencesIn } from '../../../../src/core/workflow/templates.ts'
import { problemOfUses } from '../../../../src/core/workflow/uses.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import type { WorkloadSpec } from '../../../../src/model/workload.ts'
import { spec } from '../../../support/control-samples.ts'
import { step, WorkflowLab } from '../../../support/workflow-lab.ts'

const json = '{"file":"a b.csv","rows":[1,{"of":2}],"none":null}'
const steps: readonly Told[] = [
  { name: 'fetch', state: 'completed', result: json, exitCode: 0 },
  { name: 'list', state: 'completed', result: '["x","y"]', exitCode: 0 },
  { name: 'odd', state: 'failed', result: null, exitCode: 7 },
]

describe('given steps that have ended', () => {
  test.each([
    ['{{steps.fetch.result}}', json],
    ['--in={{ steps.fetch.result.file }} {{steps.odd.exitCode}}', '--in=a b.csv 7'],
    ['{{steps.fetch.outputs.rows[1].of}}{{steps.list.result[1]}}{{steps.list.result.0}}', '2yx'],
    ['{{steps.fetch.outputs.rows}} {{steps.odd.state}}', '[1,{"of":2}] failed'],
    ['{{steps.odd.result?}}|{{steps.fetch.result.none?}}', '|'],
    ['{{.Names}} {{ other.steps }} ${steps.fetch.result}', '{{.Names}} {{ other.steps }} ${steps.fetch.result}'],
  ])('when the text is %j, then it becomes %j', (text, wanted) => {
    expect(filled(text, steps)).toBe(wanted)
  })

  test.each(['odd.result', 'fetch.result.none', 'fetch.result.length', 'fetch.outputs.__proto__', 'list.result[2]'])(
    'when it names steps.%s, which is not there, then that is said',
    (text) => {
      expect(() => filled(`{{steps.${text}}}`, steps)).toThrow(`handed on nothing for {{steps.${text}}}`)
    },
  )
})

const thrown = (text: string): unknown => {
  try {
    return referencesIn(text)
  } catch (error) {
    return ClawError.is(error, 'INVALID_REQUEST')
  }
}

test.each([
  '{{steps.a}}',
  '{{steps.a.results}}',
  '{{steps.a.exitCode.b}}',
  '{{steps.a.outputs}}',
  '{{steps.a.result',
  '{{steps.a.result {{steps.b.result}}',
  '{{steps.a.result | upper}}',
  '{{secrets.db}}',
])('what is begun and is none, as %j, is refused', (text) => {
  expect(hasTemplate(text)).toBe(true)
  expect(thrown(text)).toBe(true)
})

describe('given a step that wants to be told of others', () => {
  const problem = (parts: Partial<WorkloadSpec>, needs = ['list']): string | undefined => {
    const use = step('use', { needs, spec: { ...spec(), ...parts } })
    return problemOfUses([step('fetch'), step('list', { needs: ['fetch'] }), step('other'), use])?.problem
  }
  const result = '{{steps.list.result}}'

  test.each<[string, Partial<WorkloadSpec>]>([
    ['a word', { command: ['train', '--in', result] }],
    ['a step further back', { command: ['train', '{{steps.fetch.result.a}}'] }],
    ['a variable', { env: { MODEL: `m-${result}` } }],
    ['a word behind a program', { command: ['sh', '-c', 'train "$1"', 'sh', result] }],
    ['an option that is called so', { command: ['train', '-c', result] }],
    ['a variable that becomes no secret', { env: { CACHE_KEY: result }, plainEnv: ['CACHE_KEY'] }],
  ])('when it is %s, then it may', (_, parts) => {
    expect(problem(parts)).toBe(undefined)
  })

  test.each<[string, Partial<WorkloadSpec>, RegExp]>([
    ['of no step', { command: ['{{steps.nope.result}}'] }, /names none of the steps/],
    ['of itself', { command: ['{{steps.use.result}}'] }, /does not come before it/],
    ['of one beside it', { env: { A: '{{steps.other.result}}' } }, /add it to its needs/],
    ['in the image', { image: `team/${result}` }, /command and the environment only/],
    ['in the entrypoint', { entrypoint: ['sh', result] }, /command and the environment only/],
    ['in a label', { labels: { 'team/x': result } }, /command and the environment only/],
    ['in a secret by its name', { env: { API_KEY: result } }, /kept as a secret/],
    ['in the program of a shell', { command: ['sh', '-c', `train ${result}`] }, /in a program/],
    ['in that of a shell behind others', { command: ['timeout', '9', '/bin/bash', '-euc', result] }, /in a program/],
    ['in one behind the end of options', { command: ['sh', '-c', '--', result] }, /in a program/],
    ['in that of an entrypoint', { entrypoint: ['python3'], command: ['-c', result] }, /in a program/],
    ['in that of an unknown entrypoint', { command: ['-c', result] }, /in a program/],
    ['in that of awk', { command: ['awk', `{ print ${result} }`] }, /in a program/],
    ['as the program of a plain process', { image: 'host', command: [result] }, /in a program/],
  ])('when it is told %s, then it may not, and is told why', (_, parts, why) => {
    expect(problem(parts)).toMatch(why)
  })

  test('when such a workflow is made nevertheless, then the mesh refuses it too', () => {
    const bad = step('a', { spec: { ...spec(), command: ['{{steps.b.result}}'] } })
    expect(new WorkflowLab([bad, step('b')]).refused).toBe('WORKFLOW_REFERENCE')
  })
})

test('given a word of spaces that nothing ends, then it is refused, however long it is', () => {
  // With the square of their number this would take minutes.
  expect(() => referencesIn(`{{steps.a${' '.repeat(10)}.${' '.repeat(1_000_000)}`)).toThrow(/has no }}/)
  expect(referencesIn(`{{ steps.a.result${' '.repeat(1_000)}}}`)).toMatchObject([{ step: 'a', text: 'steps.a.result' }])
})

describe('given a step whose words name what another hands on', () => {
  const words = ['run', '--in={{steps.make.result}}', '{{steps.make.exitCode}}', 'left']
  const use = step('use', {
    needs: ['make'],
    spec: { ...spec(), command: words, env: { IN: '<{{steps.make.result}}>' } },
  })
  const specOf = (lab: WorkflowLab) => lab.book.state.jobs.get(lab.step('use').jobId ?? ('' as never))?.spec

  test('when that is anything at all, then it stands there as it is, in one word, and is not looked through again', () => {
    const nasty = fc.constantFrom(
      '{{steps.make.result}}',
      '{{secrets.db}}',
      '$(reboot)',
      "'; reboot #",
      '$&',
      '$1',
      ' ',
    )
    const text = fc.array(fc.oneof(nasty, fc.string()), { minLength: 1, maxLength: 8 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(
        text.filter((one) => one !== ''),
        (result) => {
          const lab = new WorkflowLab([step('make'), use])
          lab.lead()
          lab.done('make', [result])
          expect(specOf(lab)?.command).toEqual(['run', `--in=${result}`, '0', 'left'])
          expect(specOf(lab)?.env).toEqual({ IN: `<${result}>`, CLAW_RESULT_MAKE: result })
          expect(lab.step('use').spec.command).toEqual(words)
        },
      ),
      { numRuns: 100 },
    )
  })

  test('when there is none, then the step fails and says what is missing', () => {
    const lab = new WorkflowLab([step('make'), use])
    lab.lead()
    lab.done('make')
    expect(lab.step('use')).toMatchObject({
      state: 'failed',
      reason: 'The step make has handed on nothing for {{steps.make.result}}.',
    })
    expect(lab.workflow.state).toBe('failed')
  })

  test('when the other fails, then what waits for failures is told with which code', () => {
    const tell = step('tell', {
      ...{ needs: ['make'], when: 'failure' },
      spec: { ...spec(), command: ['tell', '{{steps.make.exitCode}}', '{{steps.make.result?}}'] },
    })
    const lab = new WorkflowLab([step('make'), tell])
    lab.lead()
    lab.done('make', [null])
    expect(lab.book.state.jobs.get(lab.step('tell').jobId ?? ('' as never))?.spec.command).toEqual(['tell', '1', ''])
  })
})
