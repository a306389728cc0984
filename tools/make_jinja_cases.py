#!/usr/bin/env python3
"""Renders small templates with Jinja2, set up as transformers does, into tests/data/text/jinja_cases.jsonl.

Each line: template, variables, and either the text that Jinja2 gives or "error": true where it refuses.
Needs python3-jinja2 (3.1); the tests only read the file that this writes.

    tools/make_jinja_cases.py tests/data/text/jinja_cases.jsonl
"""
import datetime
import json
import sys

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

NOW = datetime.datetime(2026, 3, 7, 9, 5, 2)


class Generation(jinja2.ext.Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_body"), [], [], body).set_lineno(line)

    def _body(self, caller):
        return caller()


def environment():
    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    env = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = lambda f: NOW.strftime(f)
    return env


V = {
    "name": "Wörld 🐹", "empty": "", "zero": 0, "none_value": None, "yes": True, "no": False,
    "n": 7, "f": 2.5, "neg": -7, "items": [3, 1, 2], "words": ["pear", "Apple", "fig", "apple"],
    "d": {"b": 1, "a": {"x": [1, 2.5, None, True, "é\n\"q\" 'r'"]}, "items": "own", "C": 3},
    "users": [{"name": "Ann", "age": 30, "on": True}, {"name": "bob", "age": 20, "on": False},
              {"name": "Cy", "age": 30, "on": True, "tags": ["x"]}],
    "text": "  The quick\tbrown fox\n jumps over  the lazy dog.  ", "lines": "one\ntwo\n\nfour\n",
    "html": "<a href=\"x\">1 & 2's</a>", "nested": [[1, 2], [3, [4, 5]]],
    "tree": [{"v": 1, "c": [{"v": 2, "c": []}, {"v": 3, "c": [{"v": 4, "c": []}]}]}, {"v": 5, "c": []}],
    "big": 1e16, "small": 1.5e-7, "third": 0.1, "whole": 100000.0, "maximum": 9223372036854775807,
    "messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "U"},
                 {"role": "assistant", "content": "<think>\nr\n</think>\n\nA"}],
}

# Groups of templates; a template that needs several lines is written with them.
CASES = """
{{ name }}|{{ name|length }}|{{ name[-1] }}|{{ name[0] }}|{{ name[1:4] }}|{{ name[::-1] }}|{{ name[99] }}|
{{ none_value }} {{ yes }} {{ no }} {{ n }} {{ f }} {{ missing }} {{ big }} {{ small }} {{ third }} {{ whole }} {{ maximum }}
{{ 1e15 }} {{ 1e16 }} {{ 123456789.125 }} {{ 1e-4 }} {{ 1e-5 }} {{ 1.0 }} {{ -0.0 }} {{ 1e300 * 1e10 }} {{ 5e-324 }} {{ 1.7976931348623157e308 }}
{{ d }} {{ items }} {{ (1, 'a') }} {{ (1,) }} {{ () }} {{ {} }} {{ [] }} {{ {'k': none, 1: true, 2.5: 'x'} }}
{{ ["it's", 'say "x"', "both ' and \\"", 'tab\\t nl\\n bs\\\\ \\x07 é \\u200b \\U0001F439 \\xa0'] }}
{{ 1_000 }} {{ 0x1F }} {{ 0b101 }} {{ 0o17 }} {{ 1_0.2_5 }} {{ 1e3 }} {{ 2E-3 }}
{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 7 / 2 }} {{ 6 / 2 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ 2 ** 3 ** 2 }} {{ -2 ** 2 }}
{{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ 7.5 % -2 }} {{ 1.5 + 1 }} {{ 1 - 0.5 }} {{ 3 * 1.5 }} {{ true + 1 }} {{ 2 * true }} {{ 10 ** 18 }} {{ 2.0 ** 0.5 }}
{{ 'ab' * 3 }}|{{ 2 * 'xy' }}|{{ 'a' * 0 }}|{{ 'a' * -1 }}|{{ [1, 2] * 2 }}|{{ [1] + [2] }}|{{ (1,) + (2,) }}|{{ 'a' 'b' "c" }}
{{ 1 + 2 * 3 - 4 / 2 }} {{ (1 + 2) * 3 }} {{ 1 ~ 2 + 3 ~ 4 }} {{ 1 ~ 2 * 3 }} {{ 'a' ~ none ~ true ~ 1.0 ~ missing ~ [1] }} {{ +3 }} {{ -n }} {{ - 3 }}
{{ 1 < 2 }} {{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 1 == 1.0 }} {{ 1 != 2 }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }} {{ 'a' == 1 }} {{ true == 1 }} {{ none == none }} {{ missing == missing2 }} {{ missing == none }}
{{ 1 in items }} {{ 9 not in items }} {{ 'ick' in text }} {{ 'b' in d }} {{ 'z' not in d }} {{ 1 in missing }} {{ '' in '' }} {{ 2.0 in items }} {{ 'a' in ('a', 'b') }}
{{ not yes }} {{ not no and yes }} {{ no or 'x' }} {{ '' or 0 or none }} {{ 1 and 0 and missing }} {{ not 1 == 2 }} {{ not not 3 }}
{{ 'a' if yes else 'b' }} {{ 'a' if no else 'b' }} {{ 'a' if no }}| {{ 'x' if no else 'y' if no else 'z' }} {{ ('a' if yes) ~ 'b' }} {{ 1 if missing is defined else 2 }}
{{ d.b }} {{ d['b'] }} {{ d.a.x[1] }} {{ d.items is callable }} {{ d['items'] }} {{ d.missing }}| {{ d['keys'] is callable }} {{ users[0].name }} {{ users[-1]['tags'][0] }} {{ users.0.name }} {{ nested.1.1.0 }}
{{ items[1:] }} {{ items[:1] }} {{ items[::-1] }} {{ items[::2] }} {{ items[-2:] }} {{ items[5:] }} {{ items[2:0:-1] }} {{ items[:-1] }} {{ items[none:2] }} {{ text[2:-2][::-3] }} {{ (1, 2, 3)[1:] }} {{ name[-3:-1] }}
{{ items[99] }}| {{ items['x'] }}| {{ none_value.x }}| {{ n.x }}| {{ d[1] }}| {{ items[true] }} {{ ''[0] }}| {{ d[[1]] }}| {{ items[1.0] }}|
{{ missing.x }}
{{ missing['x'] }}
{{ missing + 1 }}
{{ 'a' + missing }}
{{ missing() }}
{{ 'x'() }}
{{ -missing }}
{{ missing < 1 }}
{{ 'a' + 1 }}
{{ 1 + 'a' }}
{{ [1] + (2,) }}
{{ 1 < 'a' }}
{{ 1 // 0 }}
{{ 1.0 % 0 }}
{{ 1 in 5 }}
{{ 5 in 'a' }}
{{ {[1]: 2} }}
{{ none_value.x.y }}
{{ items[::0] }}
{{ raise_exception('no: ' ~ n) }}
{{ items.append(4) }}
{{ d.update({'x': 1}) }}
{{ items|tojson }} {{ d|tojson }} {{ none|tojson }} {{ 1.0|tojson }} {{ 'é\\n\\t\\x01\\x7f/</script>'|tojson }} {{ (1, 2)|tojson }} {{ {1: 2, none: 3, true: 4, 1.5: 5}|tojson }} {{ big|tojson }} {{ [[], {}]|tojson }}
{{ d|tojson(indent=2) }}
{{ [[], {}, [1, {'a': []}]]|tojson(indent=4) }}
{{ d|tojson(ensure_ascii=True) }} {{ name|tojson(true) }}
{{ d|tojson(sort_keys=True) }} {{ d|tojson(separators=(',', ':')) }} {{ d|tojson(indent=1, separators=(', ', ' : '), sort_keys=true) }} {{ items|tojson(indent='--') }} {{ items|tojson(indent=0) }}
{{ missing|tojson }}
{{ d.items()|tojson }}
{{ d.keys()|list }} {{ d.values()|list|length }} {{ d.items()|list|first }} {{ d.get('b') }} {{ d.get('z') }} {{ d.get('z', 5) }} {{ d.keys() }} {{ d.items()|length }} {{ d.copy() == d }} {{ 'b' in d.keys() }}
{{ d|length }} {{ d|list }} {{ d|first }} {{ d|last }} {{ d|items|list|length }} {{ missing|items|list }} {{ d|dictsort }} {{ d|dictsort(true)|first }} {{ {'x': 3, 'y': 1}|dictsort(by='value') }} {{ d|dictsort(reverse=true)|map('first')|list }}
{{ text.strip() }}|{{ text.lstrip() }}|{{ text.rstrip() }}|{{ text.split() }}|{{ text.split(' ') }}|{{ text.split(' ', 3) }}|{{ text.rsplit(None, 2) }}|{{ text.split(none, 1) }}|{{ 'a,b,,c'.rsplit(',', 1) }}|{{ ''.split() }}|{{ ''.split(',') }}
{{ 'xxaxx'.strip('x') }} {{ 'xyaxy'.lstrip('yx') }} {{ 'abc'.rstrip('cb') }} {{ '\\n\\na\\n'.strip('\\n') }} {{ 'é-é'.strip('é') }} {{ '\\u3000a\\xa0'.strip() }}|
{{ 'abc'.upper() }} {{ 'ÀBC'.lower() }} {{ 'hello wORLD'.title() }} {{ "they're ok-a 3rd".title() }} {{ 'hELLO é'.capitalize() }} {{ 'aBc'.swapcase() }} {{ 'ÉCOLE'.casefold() }}
{{ 'abcabc'.find('c') }} {{ 'abcabc'.rfind('c') }} {{ 'abc'.find('z') }} {{ 'abcabc'.index('b') }} {{ 'aéc'.find('c') }} {{ 'abcabc'.find('a', 1) }} {{ 'abcabc'.find('c', 0, 2) }} {{ 'abc'.find('') }} {{ 'abc'.find('', 9) }} {{ 'abcabc'.count('a') }} {{ 'aaa'.count('aa') }} {{ 'abc'.count('') }} {{ 'abcabc'.rindex('a', 0, -1) }}
{{ 'abc'.index('z') }}
{{ 'abc'.startswith('ab') }} {{ 'abc'.endswith('bc') }} {{ 'abc'.startswith(('x', 'a')) }} {{ 'abc'.endswith('abcd') }} {{ 'abc'.startswith('b', 1) }} {{ 'abc'.startswith('') }} {{ 'abc'.startswith('', 9) }}
{{ 'aXbXc'.replace('X', '--') }} {{ 'aaa'.replace('a', 'b', 2) }} {{ 'abc'.replace('', '.') }} {{ 'abc'.replace('b', '') }} {{ ','.join(['a', 'b']) }} {{ ''.join('xyz') }} {{ 'a-b-c'.partition('-') }} {{ 'a-b-c'.rpartition('-') }} {{ 'abc'.partition('-') }} {{ 'abc'.rpartition('-') }}
{{ ','.join([1]) }}
{{ 'abc'.isalpha() }} {{ '123'.isdigit() }} {{ 'a1'.isalnum() }} {{ ' '.isspace() }} {{ ''.isalpha() }} {{ 'AB'.isupper() }} {{ 'a1'.islower() }} {{ '½'.isnumeric() }} {{ '²'.isdigit() }} {{ '²'.isdecimal() }} {{ 'A b'.isupper() }} {{ '1'.isupper() }}
{{ 'ab'.center(7, '*') }} {{ 'abc'.center(6, '-') }} {{ 'ab'.ljust(4, '.') }} {{ 'ab'.rjust(4) }} {{ '-7'.zfill(4) }} {{ '42'.zfill(5) }} {{ 'prefix-a'.removeprefix('prefix-') }} {{ 'a.txt'.removesuffix('.txt') }} {{ 'abc'.zfill(2) }}
{{ lines.splitlines() }} {{ lines.splitlines(true) }} {{ 'a\\r\\nb\\rc\\x0bd'.splitlines() }} {{ ''.splitlines() }}
{{ '%s is %d and %5.2f|%-5s|%05d|%x|%%|%r|%+d|%e|%g' % ('x', 42, 3.14159, 'ab', 42, 255, 'q', 5, 12345.678, 0.0001) }} {{ '%(a)s-%(b)03d' % {'a': 1, 'b': 2} }} {{ '%s' % n }} {{ '%s' % d.b }} {{ '%c%c' % ('é', 65) }} {{ '%5s|%.2s' % ('é', 'abc') }} {{ '%*d' % (5, 3) }} {{ '%s' % [1, 2] }} {{ '% d' % 5 }} {{ '%d' % 2.9 }} {{ '%#x' % 255 }}
{{ '%d' % 'a' }}
{{ '%s %s' % 'a' }}
{{ 'a' % 1 }}
{{ '%y' % 1 }}
{{ '{} {}'.format(1, 'b') }} {{ '{1}{0}{1}'.format('a', 'b') }} {{ '{x}'.format(x=5) }} {{ '{:>5}|{:<5}|{:^5}|{:*^7}'.format('a', 'b', 'c', 'd') }} {{ '{:05d} {:,} {:.2f} {:x} {:b} {:%} {:e} {:+d}'.format(42, 1234567, 3.14159, 255, 5, 0.25, 1234.5, 3) }} {{ '{{}} {!r} {!s:>4}'.format('x', 'y') }} {{ '{:.3}'.format('abcdef') }} {{ '{:08.3f}'.format(-3.14159) }} {{ '{:#x} {:_}'.format(255, 1234567) }} {{ '{}'.format(1.0) }}
{{ '{} {}'.format(1) }}
{{ 'x'|upper }} {{ 'X'|lower }} {{ missing|upper }}| {{ 12|upper }} {{ 'hello world'|title }} {{ "it's a-b (c)"|title }} {{ 'HELLO'|capitalize }} {{ text|trim }}| {{ 'xax'|trim('x') }} {{ none|string|upper }} {{ 'abc'|replace('b', 'x') }} {{ 'aaa'|replace('a', 'b', 2) }} {{ 121|replace(1, 'x') }} {{ text|wordcount }} {{ 'abc'|center(9) }}|
{{ html|e }} {{ html|escape }} {{ html|safe }} {{ 'a b/c?d=é&'|urlencode }} {{ '%s-%s'|format(1, 'a') }} {{ '%(x)s'|format(x=3) }}
{{ lines|indent }}|{{ lines|indent(2, true) }}|{{ lines|indent(2, blank=true) }}|{{ lines|indent('> ', first=true) }}|{{ 'a'|indent }}|{{ ''|indent(2, true) }}|
{{ 'foo bar baz qux'|truncate(9) }} {{ 'foo bar baz qux'|truncate(9, true) }} {{ 'foo bar baz qux'|truncate(11) }} {{ 'foo bar baz qux'|truncate(11, false, '...', 0) }} {{ 'foo bar'|truncate(5, true, '', 0) }}
{{ items|sort }} {{ items|sort(reverse=true) }} {{ words|sort }} {{ words|sort(case_sensitive=true) }} {{ users|sort(attribute='age')|map(attribute='name')|list }} {{ users|sort(attribute='age,name', reverse=true)|map(attribute='name')|list }} {{ 'cab'|sort }} {{ words|unique|list }} {{ words|unique(true)|list }} {{ users|unique(attribute='age')|map(attribute='name')|list }}
{{ ['a', 1]|sort }}
{{ items|min }} {{ items|max }} {{ words|min }} {{ words|max }} {{ users|max(attribute='age') }} {{ []|min }}| {{ items|sum }} {{ users|sum(attribute='age') }} {{ [1.5, 2]|sum }} {{ [[1], [2]]|sum(start=[]) }} {{ items|sum(start=10) }}
{{ items|first }} {{ items|last }} {{ []|first }}| {{ name|first }} {{ name|last }} {{ missing|first }}| {{ items|join(', ') }} {{ items|join }} {{ users|join('-', attribute='name') }} {{ 'abc'|join('.') }} {{ [1, none, true]|join(' ') }} {{ missing|join }}| {{ d|join(',') }}
{{ items|reverse|list }} {{ 'abc'|reverse }} {{ d|reverse|list }} {{ items|length }} {{ items|count }} {{ missing|length }} {{ name|list }} {{ missing|list }} {{ range(3)|list }} {{ 'ab'|list|reverse|join }}
{{ users|map(attribute='name')|list }} {{ users|map(attribute='tags.0', default='none')|list }} {{ users|map(attribute='zip')|list|length }} {{ words|map('upper')|join(',') }} {{ words|map('replace', 'p', 'P')|list }} {{ items|map('string')|list }} {{ missing|map('upper')|list }} {{ users|map('length')|list }} {{ [[1, 2], [3, 4]]|map(attribute=1)|list }}
{{ items|select('odd')|list }} {{ items|reject('odd')|list }} {{ [0, 1, '', 'a']|select|list }} {{ items|select('gt', 1)|list }} {{ users|selectattr('on')|map(attribute='name')|list }} {{ users|rejectattr('on')|map(attribute='name')|list }} {{ users|selectattr('age', 'equalto', 30)|list|length }} {{ users|selectattr('tags', 'defined')|list|length }} {{ words|select('in', ['fig'])|list }} {{ users|selectattr('age', '>', 25)|map(attribute='name')|join }} {{ messages|selectattr('role', 'equalto', 'user')|map(attribute='content')|first }}
{{ 'y' if users|selectattr('none')|list else 'n' }} {{ 'y' if users|selectattr('none') else 'n' }} {{ 'y' if []|map('upper') else 'n' }}
{{ users|select('odd')|length }}
{% set g = items|map('string') %}{{ g|list }}{{ g|list }}
{{ items|map('nosuch')|list }}
{{ items|select('nosuch')|list }}
{{ [1, 2, 3, 4, 5]|batch(2)|list }} {{ [1, 2, 3]|batch(2, 'x')|list }} {{ [1, 2, 3, 4, 5]|slice(3)|list }} {{ [1, 2, 3, 4]|slice(3, 0)|list }}
{% for key, group in users|groupby('age') %}{{ key }}:{{ group|map(attribute='name')|join(',') }};{% endfor %}
{{ '42'|int }} {{ '42.7'|int }} {{ 'x'|int }} {{ 'x'|int(5) }} {{ 3.9|int }} {{ -3.9|int }} {{ '0x1A'|int(base=16) }} {{ ' 7 '|int }} {{ '1_000'|int }} {{ none|int }} {{ true|int }} {{ '101'|int(0, 2) }} {{ [1]|int(3) }} {{ '3.5'|float }} {{ 'x'|float }} {{ 'x'|float(1.5) }} {{ 3|float }} {{ '1e3'|float }} {{ 'inf'|float }} {{ ''|int }}
{{ 42.55|round }} {{ 42.55|round(1, 'floor') }} {{ 42.51|round(1, 'ceil') }} {{ 2.5|round }} {{ 3.5|round }} {{ 2.675|round(2) }} {{ 5|round }} {{ 42|round(-1) }} {{ 1234.5|round(-2) }} {{ 42.55|round|int }} {{ -7|abs }} {{ 7.5|abs }} {{ 5|round(0, 'ceil') }}
{{ missing|default('x') }} {{ none|default('x') }} {{ none|default('x', true) }} {{ ''|d('e', true) }} {{ 0|default(1) }} {{ missing|default }}| {{ missing|d(none) }} {{ d.zz|default([]) }} {{ d|attr('items') is callable }} {{ d|attr('b') }}| {{ name|attr('upper')() }}
{{ missing is defined }} {{ n is defined }} {{ d.zz is undefined }} {{ none is none }} {{ n is none }} {{ n is not none }} {{ yes is true }} {{ 1 is true }} {{ no is false }} {{ yes is boolean }} {{ n is number }} {{ f is float }} {{ n is integer }} {{ yes is integer }} {{ yes is number }} {{ name is string }} {{ d is mapping }} {{ items is sequence }} {{ d is sequence }} {{ name is sequence }} {{ n is sequence }} {{ d.keys() is sequence }} {{ items is iterable }} {{ n is iterable }} {{ missing is iterable }} {{ d.items is callable }} {{ n is callable }} {{ (1, 2) is sequence }} {{ none is mapping }} {{ items|map('string') is iterable }}
{{ 3 is odd }} {{ 4 is even }} {{ 9 is divisibleby 3 }} {{ 9 is divisibleby(4) }} {{ 1 is eq 1 }} {{ 1 is equalto(2) }} {{ 3 is gt 2 }} {{ 3 is lessthan 2 }} {{ 2 is ge(2) }} {{ 'a' is in ['a'] }} {{ 'x' is not in 'abc' }} {{ 'ABC' is upper }} {{ 'abc' is lower }} {{ none is sameas none }} {{ 1 is sameas true }} {{ 'upper' is filter }} {{ 'nope' is filter }} {{ 'odd' is test }} {{ 1 is ne 2 }} {{ x is defined and x }} {{ n is not defined or n }}
{{ not n is none }} {{ n is odd and n is not even }} {{ 'a' if n is divisibleby 7 else 'b' }} {{ [n is odd, n is even] }} {{ (n is odd) ~ 'x' }} {{ n + 1 is odd }} {{ n|string is string }} {{ -1 is number }}
{{ range(5)|list }} {{ range(1, 4)|list }} {{ range(10, 0, -3)|list }} {{ range(0)|list }} {{ range(2, 10, 4)|list }} {% for i in range(3) %}{{ i }}{% endfor %}
{{ range(1, 2, 0)|list }}
{{ dict(a=1, b='x') }} {{ dict([['a', 1], ('b', 2)]) }} {{ dict({'a': 1}, b=2) }} {{ dict() }}
{{ strftime_now('%Y-%m-%d %H:%M:%S %B %b %A %a %y %j %I %p %d %% %-d %e') }}
{% set x = 1 %}{{ x }}{% set x, y = 2, 3 %}{{ x }}{{ y }}{% set (a, (b)) = [4, 5] %}{{ a }}{{ b }}{% set t = 1, 2 %}{{ t }}
{% set x = 1 %}{% if yes %}{% set x = 2 %}{% endif %}{{ x }}{% for i in [1] %}{% set x = 3 %}{{ x }}{% endfor %}{{ x }}{% for i in [1, 2] %}{{ x }}{% set x = x + 10 %}{{ x }};{% endfor %}
{% set ns = namespace(a=1, b='x') %}{{ ns.a }}{% set ns.a = ns.a + 1 %}{{ ns.a }}{% for i in range(3) %}{% set ns.a = ns.a * 2 %}{% set ns.c = i %}{% endfor %}{{ ns.a }}{{ ns.c }}{{ ns['b'] }}{{ ns.zz is defined }}{{ namespace({'q': 1}).q }}
{% set d.x = 1 %}
{% set nons.x = 1 %}
{% set x, y = [1, 2, 3] %}
{% set x %}a{{ n }}b{% endset %}[{{ x }}]{{ x|length }}{% set y | upper | replace('A', 'Z') %}abc{% endset %}{{ y }}
{% set ns = namespace() %}{% set ns.x %}body{% endset %}{{ ns.x }}
{% set q = 0 %}{% set z %}{% set q = 1 %}{{ q }}{% endset %}{{ z }}{{ q }}
{% if n == 7 %}seven{% elif n == 8 %}eight{% else %}other{% endif %}{% if no %}a{% elif yes %}b{% endif %}{% if '' %}x{% else %}y{% endif %}{% if missing %}x{% endif %}{% if items %}t{% endif %}
{% for i in items %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.cycle('a', 'b') }}{{ loop.depth }}{{ loop.depth0 }};{% endfor %}
{% for i in items %}{{ loop.previtem is defined }}{{ loop.nextitem is undefined }} {% endfor %}{% for w in ['a', 'a', 'b'] %}{{ loop.changed(w) }}{% endfor %}
{% for a, b in nested %}{{ a }}-{{ b }};{% endfor %}{% for k, v in {'x': 1, 'y': 2}.items() %}{{ k }}={{ v }},{% endfor %}{% for k in d %}{{ k }}{% endfor %}{% for c in 'héy' %}{{ c }}.{% endfor %}{% for (a, b), c in [[(1, 2), 3]] %}{{ a }}{{ b }}{{ c }}{% endfor %}
{% for i in [] %}x{% else %}none{% endfor %}{% for i in missing %}x{% else %}none{% endfor %}{% for i in items if i > 1 %}{{ loop.index }}/{{ loop.length }}:{{ i }} {% else %}e{% endfor %}{% for i in items if i > 9 %}x{% else %}none{% endfor %}
{% for i in none %}x{% endfor %}
{% for i in 5 %}x{% endfor %}
{% for a, b in items %}x{% endfor %}
{% for i in range(10) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}{% endif %}{{ i }}{% endfor %}{% for i in [1, 2] %}{% for j in [1, 2, 3] %}{% if j == 2 %}{% break %}{% endif %}{{ i }}{{ j }} {% endfor %}{% endfor %}
{% for i in [1, 2] %}{% for j in [3, 4] %}{{ loop.index }}{% endfor %}{{ loop.index }}{% endfor %}{% for x in 1, 2, 3 %}{{ x }}{% endfor %}{% for x in [3, 4] %}{{ x }}{% endfor %}{{ x }}
{% for n in tree recursive %}({{ n.v }}@{{ loop.depth }}{{ loop(n.c) }}){% endfor %}
{% for n in [1] %}{{ loop([]) }}{% endfor %}
{% macro m(a, b=2, c='x') %}{{ a }}-{{ b }}-{{ c }};{% endmacro %}{{ m(1) }}{{ m(1, 3) }}{{ m(1, c='y') }}{{ m(b=5, a=4) }}{{ m() }}{{ m(*[1, 2]) }}{{ m(**{'a': 9}) }}{{ m.name }}
{% macro m(a) %}x{% endmacro %}{{ m(1, 2) }}
{% macro m(a) %}x{% endmacro %}{{ m(b=2) }}
{% macro m(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, 3, k='v') }}{{ m(1) }}
{% macro m(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(1, 2) }}
{% set g = 1 %}{% macro m() %}{{ g }}{{ h }}{% endmacro %}{% set h = 2 %}{{ m() }}{% set g = 5 %}{{ m() }}{% for i in [7] %}{% set g = 9 %}{{ m() }}{% endfor %}
{% macro f(n) %}{{ n }}{% if n > 0 %},{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(4) }}
{% macro show(v) %}{% if v is mapping %}{{ '{' }}{% for k, x in v.items() %}{{ k }}:{{ show(x) }};{% endfor %}{{ '}' }}{% elif v is sequence and v is not string %}[{% for x in v %}{{ show(x) }}{% if not loop.last %},{% endif %}{% endfor %}]{% else %}{{ v }}{% endif %}{% endmacro %}{{ show(d) }}{{ show(nested) }}
{% macro box(t) %}[{{ t }}:{{ caller() }}]{% endmacro %}{% call box('T') %}in {{ n }}{% endcall %}{% macro each(l) %}{% for i in l %}{{ caller(i) }}{% endfor %}{% endmacro %}{% call(x) each(items) %}<{{ x }}>{% endcall %}
{% macro m() %}x{% endmacro %}{% call m() %}y{% endcall %}
{% macro m() %}{{ caller is defined }}{{ caller }}{% endmacro %}{{ m() }}
{% macro m() %}a{% set inner = 1 %}{% endmacro %}{{ m()|upper }}{{ inner is defined }}{{ m() ~ m() }}{{ m is callable }}{{ m()|length }}
{% for i in [1, 2] %}{% macro in_loop() %}{{ i }}{% endmacro %}{{ in_loop() }}{% endfor %}{{ in_loop is defined }}
{% filter upper %}abc{{ name }}{% endfilter %}{% filter replace('a', 'b')|title %}banana split{% endfilter %}{% filter indent(2) %}x
y{% endfilter %}
{% with %}{% set w = 1 %}{{ w }}{% endwith %}{{ w is defined }}{% with a = 1, b = n %}{{ a }}{{ b }}{% endwith %}{% set a = 5 %}{% with a = 1, b = a %}{{ b }}{% endwith %}
{% generation %}gen {{ n }}{% endgeneration %}|{% set x = 1 %}{% generation %}{% set x = 2 %}{{ x }}{% endgeneration %}{{ x }}
{% raw %}{{ not }} {% if %} {# x #}{% endraw %}|{%- raw -%}  a  {%- endraw -%}  |
{# comment #}a{#- trimmed -#}  b  {#- {{ x }} -#}  c
a  {{- 'b' -}}  c  {%- if yes -%}  d  {%- endif -%}  e
{{ "a\\nb\\tc\\\\d\\'e\\"f\\x41\\u00e9\\U0001F439\\101\\q" }} {{ 'it\\'s' }}
{{ '{{ not }}' }} {{ "{% raw %}" }} {{ '}}' }} {{ {'a': {'b': 1}}['a']['b'] }} {{ {'a': 1} }}
{{ items|tojson|length }} {{ (items|first) + 1 }} {{ items|first + 1 }} {{ 'a'|upper ~ 'b' }} {{ -1|abs }} {{ (-1)|abs }} {{ 2 ** '3'|int }} {{ 'a'.upper()|lower }} {{ d.get('a').x|length }} {{ [1, 2, 3,][1] }} {{ {'a': 1,}.a }} {{ (1 if yes else 2) + 1 }}
{{ 'a' if yes else 'b' ~ 'c' }} {{ 1 if 0 else 2 if 0 else 3 }} {{ [1 if yes else 2, 3] }} {{ n if n is odd else 0 }} {{ items[0 if yes else 1] }} {{ 'x' if not no }} {{ 1 == 1 and 2 == 2 }} {{ 1, 2 }}
{{ content.split('</think>')[0] }}
{% set content = messages[2].content %}{{ content.split('</think>')[0].split('<think>')[-1].strip('\\n') }}|{{ content.split('</think>')[-1].lstrip('\\n') }}
{{ messages[1:]|map(attribute='role')|list }} {{ messages[::-1]|map(attribute='role')|join(' ') }} {{ messages|length - 1 }} {{ messages[-1].role == 'assistant' }} {{ messages[0]['role'] == 'system' and messages[0].content }}
{{ ('a<'|safe) + '<b' + ('c'|safe) }} {{ '<' + ('<'|safe) }} {{ '<' ~ ('<'|safe) }} {{ '<'|e|e }} {{ '<'|e|forceescape }} {{ '<'|safe is escaped }} {{ '<' is escaped }} {{ ['<'|safe] }} {{ ('%s %r %d'|safe) % ('<', '<', 3) }} {{ ('<{}>{x}'|safe).format('&', x='&'|safe) }} {{ ('<'|safe) * 2 + '&' }} {{ ('a<b'|safe).replace('b', '&') }} {{ (('a b'|safe).split()|first) + '<' }} {{ (' x'|safe).strip() + '<' }} {{ ('x'|safe)|upper + '<' }} {{ ('x'|safe)|title + '<' }} {{ ('<'|safe).join(['&', '&'|safe]) }} {{ ('x'|safe)[0] + '<' }} {{ ('xy'|safe)[::-1] + '<' }} {{ ('x'|safe)|trim + '<' }} {{ ('<'|safe) == '<' }} {{ ('a&lt;b'|safe).partition('<') }} {{ ('foo bar baz'|safe)|truncate(5, true, '<') }} {{ ('a\\nb'|safe)|indent + '<' }} {{ ('x'|safe)|replace('x', '<') + '&' }}
{{ "Use '"|safe + d.b|string + "' to '"|safe + d|tojson }}
{% set j = joiner(' | ') %}{% for x in items %}{{ j() }}{{ x }}{% endfor %} {% set k = joiner() %}{{ k() }}{{ k() }} {{ j is callable }}
{% set c = cycler('odd', 'even') %}{% for x in items %}{{ c.current }}={{ c.next() }} {% endfor %}{{ c.reset() }}{{ c.next() }}
{{ cycler() }}
{% set j = joiner() %}{% set j.sep = 1 %}
{{ 1|filesizeformat }} {{ 0|filesizeformat }} {{ 999|filesizeformat }} {{ 1000|filesizeformat }} {{ 1234567|filesizeformat }} {{ 1234567|filesizeformat(true) }} {{ 1023|filesizeformat(true) }} {{ '5e9'|filesizeformat }} {{ 1e30|filesizeformat }} {{ -5|filesizeformat }}
{{ 'x'|filesizeformat }}
{{ 'The quick brown fox jumped-over the well-known lazy dog--and then--slept'|wordwrap(12) }}|{{ 'aaaaaaaaaaaaaaaa bb'|wordwrap(5) }}|{{ 'aaaaaaaaaaaaaaaa bb'|wordwrap(5, false) }}|{{ 'a\\n\\n  b c d e f g'|wordwrap(4, wrapstring='//') }}|{{ 'well-known-thing'|wordwrap(6, break_on_hyphens=false) }}|{{ 'well-known-thing a-b-c-d x--y'|wordwrap(6) }}|{{ ''|wordwrap }}
{{ 'x'|wordwrap(0) }}
{{ '<p>a  <b>b</b><!-- x <i> -->\\n c &amp; &lt;d&gt; &#39;e&#x27; &nbsp;f < g'|striptags }}
{{ {'class': 'a b', 'id': none, 'x': missing, 't': '<&"', 'n': 3}|xmlattr }}|{{ {'a': 1}|xmlattr(false) }}|{{ {}|xmlattr }}
{{ {'a b': 1}|xmlattr }}
{{ {'a': 1, 'b c': 'd&/é'}|urlencode }} {{ [('x', 1), ('y', 'z /')]|urlencode }} {{ 5|urlencode }}
{{ d|pprint }} {{ users|pprint }} {{ (text * 3)|pprint }} {{ {'key': text * 3, 'a': [1, 2]}|pprint }} {{ (1,)|pprint }} {{ [lines * 8, ['x' * 90]]|pprint }} {{ name|pprint }}
{{ 'a\\tb\\n\\tc'.expandtabs() }}|{{ 'ab\\tc'.expandtabs(4) }}|{{ 'Abc Def'.istitle() }} {{ 'Abc def'.istitle() }} {{ 'abc'.isascii() }} {{ 'é'.isascii() }} {{ ''.isascii() }} {{ 'a\\n'.isprintable() }} {{ 'a_1'.isidentifier() }} {{ '1a'.isidentifier() }} {{ '{a}-{b}'.format_map({'a': 1, 'b': 2}) }}
{{ 'Straße ﬁ ŉ ΐ'.upper() }} {{ 'ΟΔΥΣΣΕΥΣ ΑΣ.'.lower() }} {{ 'İ'.lower() }} {{ 'Straße'.casefold() }} {{ 'ǆ ßa'.title() }} {{ 'ßx'.capitalize() }} {{ '中a ªb 1c'.title() }} {{ 'ⅷ Ⓐ'.swapcase() }}
{{ '{0.name} {0[name]} {x[0]} {y.b}'.format(users[0], x=items, y=d) }} {{ '{:{}}|{:>{w}}'.format('a', 5, 'b', w=4) }} {{ '{0!r:>6}'.format('x') }} {{ '%(a(b))s' % {'a(b)': 1} }} {{ '%5ld' % 3 }}
{{ '{!x}'.format(1) }}
{{ '{:{:{}}}'.format(1, 2, 3) }}
{{ 3 // 0.1 }} {{ -3 // 0.1 }} {{ 2.5 % -0.5 }} {{ 7.5 // -2 }} {{ namespace(x=1, y='a') }} {{ [{'k': 1}, {'k': 1}]|sort(reverse=true) }} {{ d|truncate(300) }}
{{ 'a' in namespace(a=1) }}
{{ n[1:] }}
{{ ''.__class__ }}|{{ ''.__class__.__mro__ }}
{{ cycler.__init__.__globals__ }}
{{ [].__class__.__base__.__subclasses__() }}
{{ namespace.__init__.__globals__['os'] }}
{{ range.__self__ }}|{{ self.__dict__.x }}
{{ raise_exception.__globals__.y }}
{% unknown %}
{% if %}x{% endif %}
{% if yes %}x
{% for %}x{% endfor %}
{% for x in items %}x{% endif %}
{{ 'unclosed }}
{{ x
{% set x = %}
{% set 1 = 2 %}
{% set true = 2 %}
{{ 1 + }}
{{ (1 }}
{{ [1) }}
{{ a b }}
{{ }}
{# never closed
{% raw %} never closed
{{ x|nosuch }}
{{ x is nosuch }}
{{ ? }}
{% break %}
{% macro m(a=1, b) %}x{% endmacro %}
{{ m(a=1, 2) }}
{% if yes %}fine{% else %}{{ x|nosuch }}{% endif %}
{% if no %}fine{% else %}{{ x|nosuch }}{% endif %}
{{ 'ok' if yes else x|nosuch }}
{{ 'a' is string is string }}
{% else %}
"""

WHITESPACE = [
    "{% if yes %}\n  a\n{% endif %}\nb\n",
    "  {% if yes %}\n  a\n  {% endif %}\nb\n\n",
    "x {% if yes %} y {% endif %} z\n",
    "x\n  {%+ if yes %}\n y\n  {%- endif %}\nz",
    "x\n  {%+ if yes +%}\n y\n  {% endif +%}\nz",
    "  {{ n }}\n  {{ n }}  \n",
    "a\n   {{- n }}\n   {{ n -}}   \n b",
    "a\n  {# c #}\nb\n {#- c -#} \nd {# e #}\nf\n  {#+ g #}\nh\n  {# i +#}\nj",
    "{% for i in items %}\n  {{ i }}\n{% endfor %}\n",
    "{%- for i in items -%}\n  {{ i }}\n{%- endfor -%}\n",
    "{% for i in items -%}\n\n  {{ i }}\n\n{% endfor %}",
    "\n\n{% if yes %}\n\n x{% endif %}\n\n",
    "{% raw %}\n  a\n  {% endraw %}\nb",
    "a\r\nb\r{% if yes %}\r\nc\r\n{% endif %}\r\nd",
    "{% set x = 1 %}{% set y = 2 %}\n{{ x }}\n\n",
    "   {% set x = 1 %}   {% set y = 2 %}   \n{{ x }}",
    "a {%- set x = 1 %} b {% set x = 1 -%} c",
    "\t {% if yes %}\t{{ n }}\n\t {%- endif %}",
    "{{ 'a\nb' }}{% if\n  yes\n%}multi{% endif %}",
    "{{\n  d.a.x\n  |length\n}}",
    "\u00a0{% if yes %}x{% endif %}\u3000{%- if yes %}y{% endif %}",
    "{#- a -#}\n\n{%- macro m() -%}\n  body\n{%- endmacro -%}\n\n{{- m() -}}\n",
    "{% macro m() %}\n  body\n{% endmacro %}\n[{{ m() }}]",
    "{% set x %}\n a\n{% endset %}\n[{{ x }}]",
    "x{#-#}  y", "{#--#}", "", "\n", "\n\n", "{{ '' }}\n", "text only { { % } %} }} #}",
    "{%if yes%}a{%endif%}{{n}}{{-n-}}{%-if yes-%}b{%-endif-%}",
]


def main():
    env = environment()
    templates = []
    pending = ""
    for line in CASES.strip("\n").split("\n"):
        # A template may break its line inside of a filter block.
        pending += line
        if pending.count("{% filter") != pending.count("{% endfilter"):
            pending += "\n"
            continue
        templates.append(pending)
        pending = ""
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        out.write(json.dumps({"variables": V}, ensure_ascii=False) + "\n")
        for template in templates + WHITESPACE:
            case = {"template": template}
            try:
                case["text"] = env.from_string(template).render(**V)
            except Exception as error:  # Jinja2 and Python both refuse
                case["error"] = True
                print(f"refused: {template!r}: {error}", file=sys.stderr)
            out.write(json.dumps(case, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
