import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJunit } from './junit.mjs';

test('pytest: a skip with its reason, an error in a fixture, a name with an angle bracket', () => {
  const report =
    parseJunit(`<testsuites><testsuite name="pytest" errors="1" failures="0" skipped="1" tests="3">
    <testcase classname="tests.test_a" name="test_x[a -&gt; b]" time="0.1" />
    <testcase classname="tests.test_a" name="test_y" time="0.0"><skipped type="pytest.skip" message="no &quot;shared&quot; data">x.py:3</skipped></testcase>
    <testcase classname="tests.test_b" name="test_z"><error message="failed on setup">trace</error></testcase>
  </testsuite></testsuites>`);
  assert.equal(report.passed, 1);
  assert.deepEqual(report.skipped, [{ name: 'tests.test_a > test_y', reason: 'no "shared" data' }]);
  assert.deepEqual(report.failed, ['tests.test_b > test_z']);
});

test('Playwright: the reason is an annotation; printed markup is not a result', () => {
  const report = parseJunit(`<testsuite name="a.spec.ts">
    <testcase name="one" classname="a.spec.ts"><properties><property name="skip" value="needs a GPU"></property></properties><skipped></skipped></testcase>
    <testcase name="two" classname="a.spec.ts"><failure message="m"><![CDATA[<testcase name="fake"/>]]></failure></testcase>
    <testcase name="three" classname="a.spec.ts"><system-out><![CDATA[<failure/>]]></system-out></testcase>
  </testsuite>`);
  assert.equal(report.passed, 1);
  assert.deepEqual(report.skipped, [{ name: 'a.spec.ts > one', reason: 'needs a GPU' }]);
  assert.deepEqual(report.failed, ['a.spec.ts > two']);
});

test('Playwright: what passed only when it was tried again is passed, and named', () => {
  const report = parseJunit(`<testsuite name="a.spec.ts">
    <testcase name="one" classname="a.spec.ts"><flakyFailure message="m"><stackTrace><![CDATA[<failure/>]]></stackTrace></flakyFailure></testcase>
    <testcase name="two" classname="a.spec.ts"><failure message="m">x</failure><rerunFailure message="m">x</rerunFailure></testcase>
    <testcase name="three" classname="a.spec.ts"></testcase>
  </testsuite>`);
  assert.equal(report.passed, 2);
  assert.deepEqual(report.flaky, ['a.spec.ts > one']);
  assert.deepEqual(report.failed, ['a.spec.ts > two']);
});

test('node:test: nested suites, and a raw ">" in a name', () => {
  const report =
    parseJunit(`<testsuites><testsuite name="outer"><testcase name="a > b" time="0" classname="test"/>
    <testcase name="c" classname="test" failure="x"><failure type="t" message="m">d</failure></testcase></testsuite></testsuites>`);
  assert.equal(report.passed, 1);
  assert.deepEqual(report.failed, ['test > c']);
});
