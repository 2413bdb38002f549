"""Every way files say no."""

from service.core.problems import Refusal


class FileKindRefused(Refusal):
    """The content is of no kind that is kept."""

    status = 422
    zh = "不支持这种文件：请上传照片（JPEG、PNG、WebP、HEIC）、PDF、录音（M4A、MP3、WAV、OGG）或 MP4 视频。"
    en = "The content is of no kind that is kept: send a photo, a PDF, a sound or an MP4 video."


class FileDamaged(Refusal):
    """The stored file is missing or was changed on disk."""

    zh = "文件已损坏或丢失，请联系管理员从备份恢复，或重新上传原件。"
    en = "The stored file is damaged or lost; restore it from a backup, or send the original again."
