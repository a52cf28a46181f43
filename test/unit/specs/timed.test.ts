import { describe, expect, test } from 'vitest'
import { parsed, problemsOf } from '../../support/specs.ts'

const yaml = (kind: string, spec: string, metadata = '{ name: nightly, namespace: lab }'): string =>
  `apiVersion: clawbernetes/v1\nkind: ${kind}\nmetadata: ${metadata}\nspec:\n${spec
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')}\n`

describe('given a file of kind', () => {
  test('Job, then it is the request of a job, with the groups of fields that all kinds have', () => {
    const [document] = parsed(
      yaml('Job', 'image: app\ncompletions: 3\ngpus: { count: 1, type: H100 }\nresources: { cpu: 500m }'),
    ).documents
    expect(document).toMatchObject({
      kind: 'job',
      request: { name: 'nightly', namespace: 'lab', completions: 3, gpus: 1, gpuType: 'H100', cpu: 0.5 },
    })
  })

  test('CronJob, then it is the request of a schedule, and may be written as Kubernetes writes it', () => {
    const text =
      'image: app\nschedule: "0 3 * * *"\ntimeZone: Europe/Zurich\nconcurrencyPolicy: Forbid\nbackoffLimit: 1'
    expect(parsed(yaml('CronJob', text)).documents).toMatchObject([
      { kind: 'cron', request: { schedule: '0 3 * * *', concurrencyPolicy: 'Forbid', backoffLimit: 1 } },
    ])
  })

  test('Workflow, then its steps are as its request has them', () => {
    const text = 'steps:\n  - { name: a, image: x }\n  - { name: b, image: y, needs: [a], when: always }'
    expect(parsed(yaml('Workflow', text)).documents).toMatchObject([
      { kind: 'workflow', request: { name: 'nightly', steps: [{ name: 'a' }, { needs: ['a'], when: 'always' }] } },
    ])
  })

  test.each([
    ['Job', 'image: app\nrestart: always', /restart is not there for jobs, which try again by themselves/],
    ['Job', 'image: app\ncompletions: 0', /completions/],
    ['CronJob', 'image: app', /schedule/],
    ['Workflow', 'steps:\n  - { name: a, image: x, needs: [b] }\n  - { name: b, image: x, needs: [a] }', /a → b → a/],
    ['Workflow', 'steps:\n  - { name: a, image: x, neds: [b] }', /there is no neds.*did you mean needs/],
  ])('%s that says %j, then what is wrong is told with its place', (kind, spec, problem) => {
    expect(problemsOf(yaml(kind, spec, '{ name: nightly }'))).toEqual([expect.stringMatching(problem)])
  })
})

test('given workflow.toml, then its keys may be written with underscores, and the names of the user stay as they are', () => {
  const text = `[workflow]
name = "nightly"
[[workflow.steps]]
name = "a"
image = "x"
backoff_limit = 1
env = { my_name = "1" }
`
  expect(parsed(text, { format: 'toml' }).documents).toMatchObject([
    { kind: 'workflow', request: { name: 'nightly', steps: [{ backoffLimit: 1, env: { my_name: '1' } }] } },
  ])
})
