import { expect, test } from 'vitest'
import { ClawError } from '../../../src/model/failure.ts'
import { MoltJobRequest } from '../../../src/model/molt-job-request.ts'
import { explain } from '../../../src/specs/explain.ts'
import { parseMoltJob } from '../../../src/specs/molt-job.ts'
import { jsonSchema } from '../../../src/specs/schemas.ts'
import { fileText } from '../../support/specs.ts'

const problemOf = (text: string): string => {
  try {
    parseMoltJob(text, 'job.toml', 'toml')
  } catch (error) {
    if (ClawError.is(error, 'SPEC_INVALID')) return error.message
    throw error
  }
  throw new Error('it is valid')
}

test('the example is a job as it would be requested', () => {
  const job = parseMoltJob(fileText('config/examples/molt-job.toml'), 'job.toml', 'toml')
  expect(MoltJobRequest.parse(job)).toMatchObject({ gpus: 2, gpuType: 'H100', duration: '2h', env: { EPOCHS: '10' } })
})

test('what is wrong is told with its place, and nothing is guessed', () => {
  const text = problemOf('image = "a"\nduration = "soon"\nmaxPrice = "1"\ngpuz = 2\n')
  expect(text).toContain('job.toml:2:')
  expect(text).toContain('job.toml:4:')
  expect(problemOf('')).toContain('image: it is missing')
  expect(problemOf('outputs = ["out"]\noutputSize = "99999Gi"\n')).toMatch(/such as \/out[^]*16384Gi at most/)
})

test('editors are given the schema of it, and it is explained field by field', () => {
  expect(JSON.parse(fileText('config/schemas/molt-job.schema.json'))).toEqual(jsonSchema('molt-job'))
  expect(jsonSchema('molt-job')).toMatchObject({ required: expect.arrayContaining(['image', 'duration', 'maxPrice']) })
  expect(explain('molt-job.image')?.required).toBe(true)
  expect(explain('molt-job.gpus')).toMatchObject({ required: false, about: 'How many GPUs; 1 when left out' })
})
