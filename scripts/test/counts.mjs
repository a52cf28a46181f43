/** Reads what a test project reported: how many tests passed, and the names of those that failed and that were skipped. */
import { relative } from 'node:path'
import { readStamp } from '../setup/inputs.mjs'

export const nothing = { passed: 0, failed: [], skipped: [] }

export const add = (a, b) => ({
  passed: a.passed + b.passed,
  failed: [...a.failed, ...b.failed],
  skipped: [...a.skipped, ...b.skipped],
})

const statusOf = (test) => (test.status === 'passed' || test.status === 'failed' ? test.status : 'skipped')

function countFile(file, root) {
  const path = relative(root, file.name)
  const tests = file.assertionResults.map((test) => ({ outcome: statusOf(test), name: `${path}: ${test.fullName}` }))
  const those = (outcome) => tests.filter((test) => test.outcome === outcome).map(({ name }) => name)
  const failed = those('failed')
  return {
    passed: those('passed').length,
    // A file that cannot even be loaded holds no failed test, and is one failure all the same.
    failed: file.status === 'failed' && failed.length === 0 ? [path] : failed,
    skipped: those('skipped'),
  }
}

/** A project that ended badly counts at least one failure, whatever its report says or even if there is none. */
export function readCounts(report, { endedWell, name, root }) {
  const files = readStamp(report)?.testResults ?? []
  const counts = files.map((file) => countFile(file, root)).reduce(add, nothing)
  return !endedWell && counts.failed.length === 0 ? { ...counts, failed: [name] } : counts
}
