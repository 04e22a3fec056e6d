"""The fixed words of our pages in English and Chinese: one table for all of them."""

from gru_lab.config import one_of

WORDS = {
    "title": ("GRU Lab playground", "GRU Lab 练习场"),
    "train here": ("Train here", "在此训练"),
    "what": (
        "This page trains a GRU in your browser, on a small table inside this file. "
        "It needs no Python and no network, and sends nothing.",
        "本页在您的浏览器中训练 GRU，所用的小表就在此文件内。"
        "无需 Python，无需联网，不发送任何数据。",
    ),
    "not the runs": (
        "The curves are not the stored runs above: the table and the network are smaller.",
        "这些曲线不是上面保存的运行：表和网络都更小。",
    ),
    "rows left out": ("the first {kept} of {count} rows", "共 {count} 行，取前 {kept} 行"),
    "channels left out": ("{kept} of {count} channels", "共 {count} 个通道，取 {kept} 个"),
    "how": (
        "Press Train. While it runs, move the loss weight and watch both curves; "
        "any other slider starts the training again.",
        "按“训练”。训练时移动损失权重，观察两条曲线；移动其他滑块会重新开始训练。",
    ),
    "dropout": ("dropout", "dropout"),
    "num_layers": ("layers", "层数"),
    "missing_weight": ("loss weight", "损失权重"),
    "hidden_size": ("hidden size", "隐藏单元数"),
    "learning_rate": ("learning rate", "学习率"),
    "epochs": ("epochs", "轮数"),
    "seed": ("seed", "随机种子"),
    "mask_input": ("mask as input", "输入掩码"),
    "channel": ("channel", "通道"),
    "ruler": ("read the losses", "损失读法"),
    "corrected": ("error on hidden entries", "隐藏值误差"),
    "recorded": ("as the log reads", "按日志读法"),
    "train": ("Train", "训练"),
    "stop": ("Stop", "停止"),
    "pin": ("Pin", "固定"),
    "clear": ("Clear", "清除"),
    "save": ("Save curves", "保存曲线"),
    "unpin": ("Unpin", "取消固定"),
    "pinned": ("Pinned runs", "已固定的运行"),
    "training": ("training", "训练"),
    "validation": ("validation", "验证"),
    "forward fill": ("forward fill", "前值填充"),
    "straight line": ("straight line", "直线插值"),
    "truth": ("truth", "真值"),
    "seen": ("seen", "可见"),
    "hidden": ("hidden", "隐藏"),
    "network": ("network", "网络"),
    "epoch": ("epoch", "轮"),
    "step": ("step", "时间步"),
    "loss": ("loss", "损失"),
    "value": ("value, scaled", "缩放后的值"),
    "empty": ("Not trained yet: press Train.", "尚未训练：请按“训练”。"),
    "changed": ("The controls have changed: press Train.", "设置已改变：请按“训练”。"),
    "running": ("Training: epoch {epoch} of {epochs}.", "训练中：第 {epoch} 轮，共 {epochs} 轮。"),
    "started": ("Training has started.", "训练已开始。"),
    "done": ("Done after {epoch} epochs.", "完成，共 {epoch} 轮。"),
    "stopped": ("Stopped after {epoch} epochs.", "已停止，共 {epoch} 轮。"),
    "failed": ("The training stopped: {message}", "训练中断：{message}"),
    "no worker": (
        "This browser cannot train in a page ({message}). A newer one may.",
        "此浏览器无法在页面中训练（{message}）。请换用较新的浏览器。",
    ),
    "error": ("Error on hidden entries: {error}.", "隐藏值误差：{error}。"),
    "better": (
        "That is {ratio} times the straight line's error ({line}): the network is better.",
        "是直线插值误差（{line}）的 {ratio} 倍：网络更好。",
    ),
    "worse": (
        "That is {ratio} times the straight line's error ({line}): the straight line is better.",
        "是直线插值误差（{line}）的 {ratio} 倍：直线插值更好。",
    ),
    "moved": (
        "loss weight moved to {weight} in epoch {epoch}",
        "第 {epoch} 轮损失权重改为 {weight}",
    ),
    "saved": ("{count} runs saved as {file}.", "已保存 {count} 次运行：{file}。"),
    "left out": (
        "{count} more, whose loss weight was moved, are under 'moved' in it: "
        "their settings do not name them, so a store does not take them.",
        "另有 {count} 次移动过损失权重，列在“moved”下：仅凭设置无法命名，运行库不会收入。",
    ),
    "losses shown": (
        "Losses over {epochs} epochs, logarithmic. {last}",
        "{epochs} 轮的损失，对数坐标。{last}",
    ),
    "no losses": (
        "No losses yet. The lines are two simple ways to fill.",
        "尚无损失。横线为两种简单填补法。",
    ),
    "repair shown": (
        "Channel {channel} in {windows} windows: the truth, what was seen, what was hidden, "
        "and how forward fill and the network fill it.",
        "通道 {channel} 的 {windows} 个窗口：真值、可见值、隐藏值，以及前值填充和网络的结果。",
    ),
    "no repair": (
        "The repair of one channel appears here with the first epoch.",
        "第一轮后在此显示一个通道的填补结果。",
    ),
    "script": (
        "The sliders need JavaScript, which is switched off here. It is part of this file.",
        "滑块需要 JavaScript，此处已被关闭。它就在本文件中。",
    ),
}
CHINESE = {
    # records and their index: the key is the English text
    "All records": "所有记录",
    "Show all code": "显示全部代码",
    "Hide all code": "隐藏全部代码",
    "Code": "代码",
    "lines": "行",
    "line": "行",
    "What this record rests on": "本记录的依据",
    "name": "名称",
    "profile": "规模",
    "data": "数据",
    "columns set aside": "未用的列",
    "seeds": "随机种子",
    "versions": "版本",
    "machine": "机器",
    "device": "设备",
    "date": "日期",
    "key": "键",
    "settings": "设置",
    "seconds": "秒",
    "trained": "训练时间",
    "came with the kit": "随软件提供",
    "at the log's own size": "日志原规模",
    "The {count} runs in it, {seconds} s of training": "其中的 {count} 次运行，训练 {seconds} 秒",
    "GRU Lab records": "GRU Lab 记录",
    "Each record is one file: it opens anywhere, without a network.": (
        "每份记录是一个文件：无需联网，随处可开。"
    ),
    "a cell failed": "有单元格出错",
    "the runs as a tuning log": "以调参日志形式列出的运行",
    "train on this data in your browser": "在浏览器中用此数据训练",
    "Errors on hidden entries of its {count} runs by epoch, logarithmic": (
        "{count} 次运行各轮的隐藏值误差，对数坐标"
    ),
    # the explorer
    "read": "读法",
    "otherwise": "其他设置",
    "as this stage": "同本阶段",
    "hidden entries": "隐藏值",
    "as the log reads": "按日志读法",
    "linear interpolation": "直线插值",
    "seed {seed}": "种子 {seed}",
    "{epochs} epochs": "{epochs} 轮",
    "epoch 1": "第 1 轮",
    "This was run{name}: {what}.": "此组合运行过{name}：{what}。",
    "This combination was not run. The nearest one that was{name}: {what}.": (
        "此组合没有运行过。最接近的一次{name}：{what}。"
    ),
    "{left} older runs in the store are not in here.": "库中另有 {left} 次较早的运行不在此处。",
    "The last epochs, as the log writes them (training and validation loss):": (
        "最后几轮，按日志的写法（训练损失和验证损失）："
    ),
    "{count} of the {size} combinations of these sliders were run.": (
        "这些滑块共 {size} 种组合，其中运行过 {count} 种。"
    ),
    "dots: seen, hidden · × last value · △ network": "圆点：可见、隐藏 · × 前值 · △ 网络",
    "no repair of these gaps was kept": "没有保存这些空缺的填补结果",
    " after {longest} epochs": "（{longest} 轮后）",
    " Pale: it went on to {longest} epochs for another setting.": (
        "浅色部分：为另一设置继续运行到 {longest} 轮。"
    ),
    "Losses over {epochs} epochs, logarithmic: training ends at {train}, validation at {val}": (
        "{epochs} 轮的损失，对数坐标：训练终值 {train}，验证终值 {val}"
    ),
    "one channel: the truth, what was seen, what was hidden, and the repairs": (
        "一个通道：真值、可见值、隐藏值和填补值"
    ),
}
LANGUAGES = ("en", "zh")
TAGS = {"en": "en", "zh": "zh-Hans"}  # of HTML


def words(language: str = "en") -> dict[str, str]:
    """Return the fixed words by their name in one language; ValueError for another one than en or
    zh.
    """
    place = LANGUAGES.index(one_of("language", language, LANGUAGES))
    named = {name: both[place] for name, both in WORDS.items()}
    return named | {english: (english, chinese)[place] for english, chinese in CHINESE.items()}


def from_english(language: str) -> dict[str, str]:
    """Return a language's words by the English ones, for a page that was made in English."""
    said = words(language)
    return {both[0]: said[name] for name, both in WORDS.items()} | {
        english: said[english] for english in CHINESE
    }
