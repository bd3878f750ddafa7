"""The workflow article's sample: only the import line is changed."""

from rushes.compat.modelscope import Tasks, pipeline

text_to_video = pipeline(task=Tasks.text_to_video_synthesis, model="damo/Wan2.2-T2V-A14B")
result = text_to_video({"text": "一位红斗篷女战士在暴雨中跃下古城墙，慢动作，电影感"})
print("video saved to:", result)
