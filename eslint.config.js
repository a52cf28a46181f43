/** What the linter refuses. The layers and imports are policed by test/tidy instead, which can say what to do about it. */
import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

const useThePort = (name) => `${name} is not allowed here: take a port (src/ports) so that the simulation can stand in.`

const worldGlobals = ['setTimeout', 'setInterval', 'setImmediate', 'fetch', 'process', 'performance', 'crypto']

const worldProperties = [
  ['Date', 'now'],
  ['Math', 'random'],
  ...['globalThis', 'global'].flatMap((root) => worldGlobals.map((name) => [root, name])),
]

const worldSyntax = [
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: useThePort('new Date() without an argument'),
  },
  { selector: "CallExpression[callee.name='Date']", message: useThePort('Date()') },
  {
    selector: "CallExpression[callee.object.name='AbortSignal'][callee.property.name='timeout']",
    message: useThePort('AbortSignal.timeout()'),
  },
]

const typedRules = {
  '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: false }],
  '@typescript-eslint/no-misused-promises': 'error',
  '@typescript-eslint/await-thenable': 'error',
  '@typescript-eslint/return-await': ['error', 'in-try-catch'],
  '@typescript-eslint/switch-exhaustiveness-check': [
    'error',
    { considerDefaultExhaustiveForUnions: false, requireDefaultForNonUnion: false },
  ],
  '@typescript-eslint/only-throw-error': 'error',
  '@typescript-eslint/prefer-promise-reject-errors': 'error',
  '@typescript-eslint/no-explicit-any': 'error',
  '@typescript-eslint/no-unsafe-return': 'error',
  '@typescript-eslint/no-unsafe-argument': 'error',
  '@typescript-eslint/no-unsafe-assignment': 'error',
  '@typescript-eslint/no-unsafe-call': 'error',
  '@typescript-eslint/no-unsafe-member-access': 'error',
  '@typescript-eslint/no-non-null-assertion': 'error',
  '@typescript-eslint/no-unnecessary-type-assertion': 'error',
  '@typescript-eslint/consistent-type-imports': 'error',
  '@typescript-eslint/consistent-type-exports': 'error',
  '@typescript-eslint/no-unused-vars': 'error',
  '@typescript-eslint/no-base-to-string': 'error',
  '@typescript-eslint/restrict-plus-operands': 'error',
}

const sizeRules = {
  'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
  'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
  'max-params': ['error', { max: 4 }],
}

const plainRules = {
  'no-empty': 'error',
  'no-constant-condition': ['error', { checkLoops: 'allExceptWhileTrue' }],
  'no-debugger': 'error',
  'no-fallthrough': 'error',
  'no-self-compare': 'error',
  'no-unreachable-loop': 'error',
  'no-var': 'error',
  'prefer-const': 'error',
  eqeqeq: 'error',
}

export default defineConfig(
  globalIgnores(['dist/**', 'coverage/**', '.cache/**', '.toolchain/**']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  // Generated code turns every rule off by itself; what its generator turns off besides is its own affair.
  { files: ['src/wire/gen/**'], linterOptions: { reportUnusedDisableDirectives: 'off' } },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    rules: { ...plainRules, ...sizeRules, 'no-unused-vars': 'error' },
  },
  {
    // Whatever Node a user has must get far enough to be told that it is too old.
    files: ['bin/*.cjs'],
    ignores: ['bin/modern.cjs'],
    languageOptions: { ecmaVersion: 5, sourceType: 'commonjs' },
    rules: { 'no-var': 'off', 'prefer-const': 'off' },
  },
  {
    files: ['**/*.ts'],
    plugins: { '@typescript-eslint': tseslint.plugin },
    languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true } },
    rules: { ...plainRules, ...typedRules, ...sizeRules },
  },
  { files: ['src/**'], rules: { 'no-console': 'error' } },
  { files: ['src/bin/**', 'src/doors/cli/**'], rules: { 'no-console': 'off' } },
  {
    files: ['src/{lib,model,ports,wire,core,services,operations,simulation,sim}/**'],
    rules: {
      'no-restricted-globals': ['error', ...worldGlobals.map((name) => ({ name, message: useThePort(name) }))],
      'no-restricted-properties': [
        'error',
        ...worldProperties.map(([object, property]) => ({
          object,
          property,
          message: useThePort(`${object}.${property}`),
        })),
      ],
      'no-restricted-syntax': ['error', ...worldSyntax],
    },
  },
  {
    files: ['test/**'],
    rules: {
      'max-params': 'off',
      'max-lines-per-function': 'off',
      'no-console': 'off',
      // A test may take an answer apart without describing it first: a wrong guess fails the test.
      ...Object.fromEntries(
        ['argument', 'assignment', 'call', 'member-access', 'return'].map((what) => [
          `@typescript-eslint/no-unsafe-${what}`,
          'off',
        ]),
      ),
    },
  },
)
