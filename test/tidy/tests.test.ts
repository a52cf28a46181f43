/** A test that asserts nothing, or that is quietly left out, says less than no test: it says all is well. */
import ts from 'typescript'
import { expect, test } from 'vitest'
import { filesBelow, readSource, visit, type Source } from './source.ts'

const tests = filesBelow('test')
  .filter((path) => path.endsWith('.test.ts'))
  .map(readSource)

/** Tests that may be left out, as 'path: reason'. */
const leftOut: readonly string[] = []

/** Tests of these kinds need parts that a machine may lack, and say so by name when they are skipped for it. */
const mayDependOnTheMachine = ['test/conformance/', 'test/integration/', 'test/e2e/']

/** expect(), assert() and its methods, or a suite of assertions kept elsewhere: executorConformance(). */
function isAssertion(node: ts.Node): boolean {
  if (!ts.isCallExpression(node)) return false
  const [head = ''] = node.expression.getText().split('.')
  return head === 'expect' || head === 'assert' || head.endsWith('Conformance')
}

function calls(source: Source, names: readonly string[]): readonly string[] {
  const found: string[] = []
  visit(source.tree, (node) => {
    if (!ts.isPropertyAccessExpression(node) || !names.includes(node.name.text)) return
    if (!/^(test|it|describe|suite)\b/.test(node.expression.getText())) return
    const line = source.tree.getLineAndCharacterOfPosition(node.getStart()).line + 1
    found.push(`${source.path}:${line} ${node.getText()}`)
  })
  return found
}

test('every test file asserts something', () => {
  const idle = tests.filter(({ tree }) => {
    let asserts = false
    visit(tree, (node) => (asserts ||= isAssertion(node)))
    return !asserts
  })
  expect(idle.map(({ path }) => `${path}: expect something, or delete it`)).toEqual([])
})

test('no test is left out in silence', () => {
  const silent = tests
    .filter(({ path }) => !leftOut.some((entry) => entry.startsWith(`${path}: `)))
    .flatMap((source) => calls(source, ['only', 'skip', 'todo', 'fails']))
  const advice = 'run it, delete it, or name it with its reason in test/tidy/tests.test.ts'
  expect(silent.map((call) => `${call}: ${advice}`)).toEqual([])
})

test('a test that needs nothing special always runs', () => {
  const conditional = tests
    .filter(({ path }) => !mayDependOnTheMachine.some((folder) => path.startsWith(folder)))
    .flatMap((source) => calls(source, ['skipIf', 'runIf']))
  expect(
    conditional.map((call) => `${call}: only ${mayDependOnTheMachine.join(', ')} may depend on the machine`),
  ).toEqual([])
})

test('every test file belongs to a project', () => {
  const projects = ['tidy', 'unit', 'conformance', 'simulation', 'integration', 'e2e']
  const strays = tests
    .filter(({ path }) => !projects.includes(path.split('/')[1] ?? ''))
    .map(({ path }) => `${path}: nothing runs it. Put it below test/${projects.join(', test/')}.`)
  expect(strays).toEqual([])
})
