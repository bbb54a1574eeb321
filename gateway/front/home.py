"""The words of the front page, in each language that it has."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Home:
    """The front page in one language; `code` is what a link asks for, `tag` its name for `lang` (BCP 47)."""

    code: str
    tag: str
    name: str
    skip: str
    switch: str
    lead: str
    asked: str
    asked_says: str
    tried: str
    tried_says: str
    software: str
    software_says: str
    machines: str
    openapi: str
    server: str
    resource: str


_EN = Home(
    code="en",
    tag="en",
    name="English",
    skip="Skip to the text",
    switch="Language",
    lead="An institution asks whether a person may do a job. The person agrees. The law of sealing and the policy of "
    "the industry are applied, and the institution learns yes or no, and nothing else.",
    asked="I was asked to agree to a check",
    asked_says="Type the short code that you were given. Nothing is looked up before you agree.",
    tried="Would I pass?",
    tried_says="Read what the rules for a kind of work look at, and try them with a made-up record. Nothing is kept.",
    software="I write software for an institution",
    software_says="The API, from the first call on, with examples.",
    machines="For machines:",
    openapi="OpenAPI document",
    server="authorization server",
    resource="protected resource",
)

_ZH = Home(
    code="zh",
    tag="zh-Hans",
    name="中文",
    skip="跳到正文",
    switch="语言",
    lead="机构询问某人能否从事某项工作，须经本人同意。系统依照记录封存的法律和行业规定作出判断，机构只会得知“是”或“否”，别无其他。",
    asked="有机构请我同意一项核查",
    asked_says="请输入您收到的核查码。在您同意之前，不会查询任何记录。",
    tried="我能通过吗？",
    tried_says="了解某类工作的规则会看什么，用虚构的记录试一试。不留任何痕迹。",
    software="我为机构开发软件",
    software_says="接口文档：从第一次调用开始，附有示例（英文）。",
    machines="供程序读取：",
    openapi="OpenAPI 文档",
    server="授权服务器",
    resource="受保护资源",
)

HOME: Mapping[str, Home] = {each.code: each for each in (_EN, _ZH)}
"""By the code of the language; the first stands in for any other."""
